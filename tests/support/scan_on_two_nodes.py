"""Scans a folder on a cluster of two nodes, one of which is lost: ``python -m tests.support.scan_on_two_nodes``.

It takes the folder and the library; its last line is JSON. It is a program of its own because Ray leaves warnings
behind in a process.
"""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

from paces_live.errors import LibraryError
from paces_live.library.analyser import Analyser
from paces_live.library.cluster import ClusterWorkers
from paces_live.library.scan import Scan
from paces_live.library.store import Library
from tests.support.library import MANIFEST

SMALL: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
"""What a node has: room for one file."""


class Watched(ClusterWorkers[Any]):
    """Notes how many files were on the way at once."""

    most = 0

    def wait(self) -> list[tuple[Any, dict[str, Any] | None]]:
        self.most = max(self.most, self.busy)
        return super().wait()


def main(music: Path, library: Path) -> None:
    """Make the cluster, and scan."""
    cluster: Any = Cluster(initialize_head=True, head_node_args=SMALL | {"include_dashboard": False})
    second = cluster.add_node(**SMALL)
    analyser = Analyser.of(MANIFEST)
    found = []
    with (
        Library(library) as opened,
        Watched(cluster.address, analyser) as workers,
        closing(Scan(opened, workers, analyser)) as scanning,
    ):
        for one in scanning.run([music]):
            found.append((one.path.name, one.how))
            if len(found) == 3:
                cluster.remove_node(second, allow_graceful=False)
    try:
        with (
            Library(library) as opened,
            ClusterWorkers[Any](cluster.address, Analyser("sha256:other", "1")) as others,
            closing(Scan(opened, others, analyser, refresh=True)) as scanning,
        ):
            (music / "0.flac").rename(music / "renamed.flac")
            refused = str(list(scanning.run([music])))
    except LibraryError as error:
        refused = str(error)
    cluster.shutdown()
    print(json.dumps({"found": found, "most": workers.most, "refused": refused}))  # noqa: T201


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
