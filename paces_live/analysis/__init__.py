"""From samples to the paces of a song: features, periodicity, candidates, fold, classifier, tracking."""
