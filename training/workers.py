"""Worker processes of this machine."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
OnDone = Callable[[int, int], None]
"""Called with the number of items done and their total."""


def ignore_progress(done: int, total: int) -> None:
    """Do nothing: the default of `on_done`."""


def pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of fresh processes that end as soon as this one ends, even if it is killed."""
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _end_with_parent)


def map_in_order(
    function: Callable[..., Result],
    items: Sequence[Item],
    *arguments: Any,
    workers: int,
    on_done: OnDone = ignore_progress,
) -> list[Result]:
    """Return ``function(item, *arguments)`` of each item, computed in worker processes, in the order of the items."""
    results: list[Result] = []
    with pool(workers) as processes:
        for result in processes.map(function, items, *map(repeat, arguments)):
            results.append(result)
            on_done(len(results), len(items))
    return results


def _end_with_parent() -> None:
    """Make this worker process end as soon as its parent ends, even if the parent is killed."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
