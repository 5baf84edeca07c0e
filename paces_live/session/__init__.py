"""One stream of audio: blocks are pushed in, events come out."""
