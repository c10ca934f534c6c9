import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.errors import Misuse
from backchannel.ledger.tree import (
    EMPTY_ROOT,
    Tree,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

# Leaves and roots of the reference tree (RFC 6962 implementations' common test data).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
REFERENCE = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]


def hashes(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % index) for index in range(count)]


def slow_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(slow_root(leaves[:k]), slow_root(leaves[k:]))


def test_the_reference_roots() -> None:
    tree = Tree(REFERENCE)
    assert [tree.root(size).hex() for size in range(9)] == ROOTS
    assert EMPTY_ROOT.hex() == ROOTS[0]


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_planned_growth_is_the_tree_that_appending_makes(before: int, more: int) -> None:
    all_hashes = hashes(before + more)
    tree = Tree(all_hashes[:before])
    assert tree.root_with(all_hashes[before:]) == slow_root(all_hashes)
    assert (tree.size, tree.root()) == (before, slow_root(all_hashes[:before]))  # planning changed nothing
    tree.apply(tree.plan(all_hashes[before:]))
    one_by_one = Tree(all_hashes)
    sizes = range(before + more + 1)
    assert [tree.root(size) for size in sizes] == [one_by_one.root(size) for size in sizes]


def test_a_growth_of_another_size_is_refused() -> None:
    tree = Tree(hashes(3))
    growth = tree.plan(hashes(1))
    tree.append(hashes(1)[0])
    with pytest.raises(Misuse, match="size 3; the tree has 4"):
        tree.apply(growth)


@given(st.integers(1, 40), st.data())
def test_every_inclusion_proof_verifies_and_no_other(size: int, data: st.DataObject) -> None:
    leaves = hashes(size + 3)
    tree = Tree(leaves)
    index = data.draw(st.integers(0, size - 1))
    root, proof = tree.root(size), tree.inclusion(index, size)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    assert not verify_inclusion(leaves[size], index, size, proof, root)
    assert not verify_inclusion(leaves[index], index, size, [*proof, root], root)
    assert not verify_inclusion(leaves[index], size, size, proof, root)
    assert not verify_inclusion(leaves[index], index, size, proof, tree.root(size + 1))
    if proof:
        assert not verify_inclusion(leaves[index], index, size, proof[:-1], root)
        assert not verify_inclusion(leaves[index], index, size, [*proof[:-1], b""], root)


@given(st.integers(1, 40), st.data())
def test_every_consistency_proof_verifies_and_no_other(second: int, data: st.DataObject) -> None:
    tree = Tree(hashes(second + 1))
    first = data.draw(st.integers(1, second))
    old, new, proof = tree.root(first), tree.root(second), tree.consistency(first, second)
    assert verify_consistency(first, second, proof, old, new)
    assert not verify_consistency(first, second, proof, old, tree.root(second + 1))
    assert not verify_consistency(first, second, proof, tree.root(second + 1), new)
    assert not verify_consistency(first, second, [*proof, new], old, new)
    assert not verify_consistency(first, second, [*proof, b""], old, new)
    assert not verify_consistency(second + 1, second, proof, old, new)
    if proof:
        assert not verify_consistency(first, second, proof[:-1], old, new)
        assert not verify_consistency(first, second, [], old, new)


def test_from_size_0_there_is_nothing_to_prove() -> None:
    assert not verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    assert not verify_consistency(0, 1, [], EMPTY_ROOT, hashes(1)[0])


@pytest.mark.parametrize(
    "ask",
    [
        lambda tree: tree.root(6),
        lambda tree: tree.root(-1),
        lambda tree: tree.inclusion(0, 0),
        lambda tree: tree.inclusion(5, 5),
        lambda tree: tree.inclusion(-1, 5),
        lambda tree: tree.inclusion(0, 6),
        lambda tree: tree.consistency(0, 5),
        lambda tree: tree.consistency(4, 3),
        lambda tree: tree.consistency(1, 6),
    ],
)
def test_what_the_tree_does_not_have_is_our_mistake(ask) -> None:
    with pytest.raises(Misuse, match="must be from"):
        ask(Tree(hashes(5)))


# --- published vectors ----------------------------------------------------------------------------


def decode(value: str | None) -> bytes:
    return b64decode(value or "")


def test_published_inclusion(shared_data: Path) -> None:
    cases = json.loads((shared_data / "vectors/merkle/inclusion.json").read_text())
    verdicts = [
        not verify_inclusion(
            decode(case["leafHash"]),
            case["leafIdx"],
            case["treeSize"],
            [decode(step) for step in case["proof"] or []],
            decode(case["root"]),
        )
        for case in cases.values()
    ]
    assert verdicts == [case["wantErr"] for case in cases.values()]
    assert len(verdicts) == 98


def test_published_consistency(shared_data: Path) -> None:
    cases = json.loads((shared_data / "vectors/merkle/consistency.json").read_text())
    verdicts = [
        not verify_consistency(
            case["size1"],
            case["size2"],
            [decode(step) for step in case["proof"] or []],
            decode(case["root1"]),
            decode(case["root2"]),
        )
        for case in cases.values()
    ]
    assert verdicts == [case["wantErr"] for case in cases.values()]
    assert len(verdicts) == 98


def test_published_reference_tree(shared_data: Path) -> None:
    reference = json.loads((shared_data / "vectors/merkle/reference_tree.json").read_text())
    tree = Tree(leaf_hash(bytes.fromhex(leaf)) for leaf in reference["leaf_inputs_hex"])
    roots = reference["root_hashes_hex_by_size"]
    assert [tree.root(size).hex() for size in range(len(roots))] == roots
    for case in reference["hasher"]:
        if "left_utf8" in case:
            found = node_hash(case["left_utf8"].encode(), case["right_utf8"].encode())
        elif "leaf_hex" in case or "leaf_utf8" in case:
            found = leaf_hash(bytes.fromhex(case.get("leaf_hex", "")) or case.get("leaf_utf8", "").encode())
        else:
            found = EMPTY_ROOT
        assert found.hex() == case["hash"], case["desc"]


def test_published_tiles(shared_data: Path) -> None:
    folder = shared_data / "vectors/merkle/tlog-tiles"
    raw = (folder / "tile/0/000").read_bytes() + (folder / "tile/0/001.p/44").read_bytes()
    _, size, root = (folder / "checkpoint").read_text().split("\n")[:3]
    tree = Tree(raw[at : at + 32] for at in range(0, len(raw), 32))
    assert (tree.size, tree.root()) == (int(size), b64decode(root))
    # The tile above holds the root of the first full tile.
    assert tree.root(256) == (folder / "tile/1/000.p/1").read_bytes()
