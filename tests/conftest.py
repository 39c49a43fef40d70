"""What holds for every test: none is timed, since the machines are shared.

A shell that starts its children in the background lets them ignore an interrupt and
the end of its terminal, and theirs would ignore them too. Here nothing is ignored, so
that the tests of how a command ends mean the same wherever they run.

The files that take longest come first: one that begins last is waited for alone.

A property is tried with the same draws each time, so that a run says something of the
change it was made for. `make long` draws anew.
"""

import signal

from hypothesis import HealthCheck, settings

for name, derandomize in (("the same draws", True), ("drawn anew", False)):
    settings.register_profile(
        name,
        deadline=None,
        derandomize=derandomize,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("the same draws")

for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        meant = (
            signal.SIG_DFL if number == signal.SIGHUP else signal.default_int_handler
        )
        signal.signal(number, meant)

LONGEST = (
    "test_real_run",
    "test_noninterference",
    "test_revoking_nodes",
    "test_bench_estimation",
    "test_small_model",
    "test_ending",
    "test_bench_node",
    "test_bench_suspend",
    "test_bench_link",
    "test_world_fusion",
)


def pytest_collection_modifyitems(items):
    """Put the longest files first, in the order of the list."""
    place = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))
