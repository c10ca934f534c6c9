"""What an archive says about itself, for somebody who has nothing but the opened folder."""

README = """\
What this is

The record of a confidential channel between a few people, as one of them kept it. It was sealed under a key that
several trustees held as words on paper, and enough of them have opened it. It is all text, but for files that were
handed in as evidence: no program is needed. Open such files with care: nobody has looked into them.

    archive.json            which channel, who sealed this, when, how long its log is, what is left out
    channel.json            what it was for, the charter, every seat that ever sat in it, warnings about its host
    notes.json              messages whose agreed time was not over when this was sealed
    texts.json              texts that were worked on: paragraphs, brackets, who stood where, amendments; the words
                            themselves are in texts/N.txt, and in texts/N-V.txt as version V was issued
    understandings.json     agreed texts and how far each came; the texts themselves are in understandings/N.txt
    understandings/N.json   the proof that exactly the named parties signed text N
    mandates.json           who was allowed to sign, for whom and what
    soundings.json          questions to which an answer was found that all, or enough, could live with
    steps.json              who has promised what by when, what was reported and found, and what became of it
    steps/N-*.bin           files that were handed in with that, as they came; steps.json has their names and SHA-256
    log/                    what the host of the channel has recorded: no words, only times, sizes and fingerprints

Numbers (N, "number") are places in the log, so they also say what came before what. Times are UTC. Where
"from", "by", "proposed_by" or "asked_by" is empty for everything, the charter said that what was said has no name
outside.

What is not here

Non-papers, and what came out of a hat: they vanish, as was agreed. Notes whose time was over. Questions that found no
answer. Keys. Whatever the seat that sealed this was never told.

What can be checked, and what cannot

- That an understanding was signed: backchannel understanding verify understandings/N.json, or by any program written
  after the project's specification: it holds the keys and both signatures of each party, Ed25519 and ML-DSA-65.
- That the host recorded these entries, in this order: each line of log/leaves.csv is a leaf (id, arrival in units of
  300 seconds since 1970 as 8 bytes, length as 4, erase; 76 bytes). The Merkle tree over them (RFC 6962, SHA-256) has
  the root in archive.json, which log/checkpoint.txt, a signed note (C2SP), signs with the key in archive.json.
- Which desks sat in the channel: "words" are the fingerprint that people compared by telephone; "compared": true where
  the person who sealed this did.
- What says "passed_on": true came to whoever sealed this from the seat whose place it took, or another of its party:
  nobody could verify again who had written it.
- That a note says what was said cannot be checked. Notes prove nothing, on purpose: they rest on the word of whoever
  sealed this, and of the trustees who opened it.

People may still live whom this can harm. Keep it as the papers that it is.
"""
