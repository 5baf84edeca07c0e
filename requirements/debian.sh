#!/bin/sh
# Install the Debian packages that a purpose needs. Without root, print one line that names the missing ones.
#   debian.sh venv PYTHON | test | training | real-music | benchmark | arm64 | qemu
set -u

purpose="${1:-}"
case "$purpose" in
venv)
    "$2" -c 'import ensurepip' 2>/dev/null && exit 0
    set -- python3-venv
    without="nothing works without it" ;;
test)
    set -- libportaudio2 libasound2-plugins pulseaudio pulseaudio-utils dbus mpd chromium mosquitto avahi-daemon avahi-utils espeak-ng mma fluidsynth \
        timgm6mb-soundfont musescore-general-soundfont-small mpv systemd zsh fish
    without="the tests that need them are skipped, all others run" ;;
training)
    set -- espeak-ng mma fluidsynth timgm6mb-soundfont fluid-soundfont-gm \
        musescore-general-soundfont-small opl3-soundfont csound-soundfont
    without="no corpus can be made, everything else works" ;;
real-music | openset) # openset: the name until version 0.1
    set -- lmms lmms-common openmpt123 hydrogen fluidsynth timgm6mb-soundfont circuslinux-data \
        criticalmass-data gltron heroes-sound-tracks hydrogen-data madbomber-data openttd-openmsx rafkill-data \
        tecnoballz-data tomatoes-data vectoroids
    without="some tracks of the real-music set cannot be rendered" ;;
benchmark)
    set -- espeak-ng fluidsynth freedoom fluid-soundfont-gm musescore-general-soundfont-small timgm6mb-soundfont
    without="some pieces of the benchmark cannot be rendered" ;;
arm64)
    set -- debootstrap qemu-user-static
    without="the arm64 check cannot run" ;;
qemu)
    set -- dpkg-dev gcc libc6-dev libglib2.0-dev meson ninja-build pkg-config
    without="instructions cannot be counted" ;;
*)
    echo "usage: debian.sh venv PYTHON | test | training | real-music | benchmark | arm64 | qemu" >&2
    exit 2 ;;
esac

patience=600 # seconds to wait for another apt; unattended upgrades of a fresh system take minutes
step=5

# Run apt-get, and wait while another apt holds a lock. apt itself waits for the locks of dpkg, but not for those of its
# package lists and its cache.
apt() {
    waited=0
    until log=$(LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=$patience "$@" 2>&1); do
        case "$log" in
        *"Could not get lock"*) [ $waited -lt $patience ] ;;
        *) false ;;
        esac || { echo "$log" >&2; return 1; }
        [ $waited -gt 0 ] || echo "another apt is running: waiting for it"
        sleep $step
        waited=$((waited + step))
    done
}

missing=""
for package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing Debian packages:$missing"
    apt update && apt install -y --no-install-recommends $missing
else
    echo "missing:$missing (Debian: sudo apt install$missing); $without"
fi
