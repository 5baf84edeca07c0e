"""A target that follows the cadence."""

from paces_live.match import Listener
from paces_live.sensor.follower import Follower


def run(follower: Follower, *parts: tuple[int, float], start: int = 0) -> int:
    """Let somebody run for some seconds at each cadence, one value a second; return the second after it."""
    for seconds, cadence in parts:
        for second in range(start, start + seconds):
            follower.take(float(second), cadence)
        start += seconds
    return start


def test_the_target_stays_until_the_cadence_is_known_for_some_seconds() -> None:
    listener = Listener(165.0)
    follower = Follower(listener)
    now = run(follower, (5, 172.0))
    assert listener.target == 165.0
    run(follower, (1, 172.0), start=now)
    assert listener.target == 172.0


def test_a_jog_of_a_few_seconds_does_not_move_it_and_a_longer_one_does() -> None:
    listener = Listener(165.0)
    follower = Follower(listener)
    now = run(follower, (20, 110.0), (5, 168.0), (20, 110.0))
    assert listener.target == 110.0
    run(follower, (8, 168.0), start=now)
    assert listener.target == 168.0


def test_a_change_below_one_step_a_minute_does_not_move_it() -> None:
    listener = Listener(165.4)
    follower = Follower(listener)
    run(follower, (20, 166.0))
    assert listener.target == 165.4
    run(follower, (20, 167.0), start=20)
    assert listener.target == 167.0


def test_standing_still_and_impossible_values_do_not_move_it() -> None:
    listener = Listener(165.0)
    follower = Follower(listener)
    run(follower, (20, 170.0), (30, 0.0), (30, 39.0), (30, 321.0))
    assert listener.target == 170.0


def test_after_a_stop_the_cadence_must_be_known_for_some_seconds_again() -> None:
    listener = Listener(165.0)
    follower = Follower(listener)
    now = run(follower, (20, 170.0), (30, 0.0), (5, 150.0))
    assert listener.target == 170.0
    run(follower, (1, 150.0), start=now)
    assert listener.target == 150.0


def test_a_target_set_by_hand_stays_until_it_is_set_back() -> None:
    listener = Listener(165.0)
    follower = Follower(listener)
    now = run(follower, (20, 170.0))
    listener.target = 180.0
    now = run(follower, (20, 172.0), start=now)
    assert listener.target == 180.0
    listener.target = 170.0
    run(follower, (1, 172.0), start=now)
    assert listener.target == 172.0


def test_a_listener_without_target_gets_one() -> None:
    listener = Listener(None)
    run(Follower(listener), (6, 171.0))
    assert listener.target == 171.0
