import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.relay.limits import Bucket


def test_a_burst_passes_and_then_the_rate() -> None:
    bucket = Bucket(rate=2.0, burst=4.0, now=0.0)
    assert [bucket.take(1, 0.0) for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert bucket.take(1, 0.5) == 0
    assert bucket.take(1, 0.5) == 0.5


def test_more_than_the_burst_passes_when_full_and_leaves_a_debt() -> None:
    bucket = Bucket(rate=1.0, burst=2.0, now=0.0)
    assert bucket.take(6, 0.0) == 0
    assert bucket.take(1, 0.0) == 5.0
    assert bucket.take(1, 5.0) == 0


def test_a_clock_that_goes_back_adds_nothing() -> None:
    bucket = Bucket(rate=1.0, burst=1.0, now=100.0)
    assert bucket.take(1, 100.0) == 0
    assert bucket.take(1, 50.0) == 1.0
    assert bucket.take(1, 51.0) == 0


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 3)), min_size=1, max_size=60))
def test_never_more_than_burst_and_rate_allow(steps: list[tuple[float, int]]) -> None:
    bucket, now, taken = Bucket(rate=2.0, burst=5.0, now=0.0), 0.0, 0
    for pause, count in steps:
        now += pause
        if not bucket.take(count, now):
            taken += count
        assert taken <= 5.0 + 2.0 * now + 1e-6


@pytest.mark.parametrize("count", [1, 3])
def test_after_the_wait_that_was_named_it_passes(count: int) -> None:
    bucket = Bucket(rate=0.7, burst=3.0, now=0.0)
    bucket.take(3, 0.0)
    wait = bucket.take(count, 0.0)
    assert wait > 0
    assert bucket.take(count, wait + 1e-9) == 0
