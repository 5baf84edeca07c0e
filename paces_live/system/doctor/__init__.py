"""The checks of `doctor`: each says what it found and, if it failed, what to do."""

from paces_live.system.doctor.check import USES, Check, Use
from paces_live.system.doctor.run import run_checks

__all__ = ["USES", "Check", "Use", "run_checks"]
