"""One replica on Ray Serve, on this machine alone: ``python -m benchmarks.replica PORT`` serves until its input ends.

It prints a line once it serves. It is a program of its own, so that all that Ray starts descends from it.
"""

import logging
import sys

import ray
from ray import serve

from paces_live.server.cluster import DEPLOYMENT, app


def main() -> None:
    """Serve on the port in the command line."""
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(app({}), name=DEPLOYMENT)
    print("serving", flush=True)  # noqa: T201
    sys.stdin.read()
    serve.shutdown()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
