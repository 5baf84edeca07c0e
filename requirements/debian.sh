#!/bin/sh
# Debian packages that a purpose needs: installed where we may, named in one line where we may not.
#   debian.sh venv PYTHON | test | training | openset | arm64 | qemu
set -u

case "$1" in
venv)
    "$2" -c 'import ensurepip' 2>/dev/null && exit 0
    set -- venv python3-venv
    without="nothing works without it" ;;
test)
    set -- test libportaudio2 libasound2-plugins pulseaudio pulseaudio-utils dbus mpd espeak-ng mma fluidsynth \
        timgm6mb-soundfont musescore-general-soundfont-small systemd zsh fish
    without="the tests that need them are skipped, all others run" ;;
training)
    set -- training espeak-ng mma fluidsynth timgm6mb-soundfont fluid-soundfont-gm \
        musescore-general-soundfont-small opl3-soundfont csound-soundfont
    without="no corpus can be made, everything else works" ;;
openset)
    set -- openset lmms lmms-common openmpt123 hydrogen fluidsynth timgm6mb-soundfont circuslinux-data \
        criticalmass-data gltron heroes-sound-tracks hydrogen-data madbomber-data openttd-openmsx rafkill-data \
        tecnoballz-data tomatoes-data vectoroids
    without="not all of the open real set can be rendered" ;;
arm64)
    set -- arm64 debootstrap qemu-user-static
    without="the arm64 gate cannot run" ;;
qemu)
    set -- qemu dpkg-dev gcc libc6-dev libglib2.0-dev meson ninja-build pkg-config
    without="instructions cannot be counted" ;;
*)
    echo "usage: debian.sh venv PYTHON | test | training | openset | arm64 | qemu" >&2
    exit 2 ;;
esac
shift

missing=""
for package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing Debian packages:$missing"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "missing:$missing (Debian: sudo apt install$missing); $without"
fi
