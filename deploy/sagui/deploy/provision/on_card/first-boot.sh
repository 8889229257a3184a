#!/bin/bash
# Makes an agent of a freshly written card. Runs as root on the Raspberry Pi, in two parts, each of which may be cut short
# by a power cut and is then done again:
#
#   begin [later]  without a network: takes the secrets off the card, and enables the second part (later: starts it with
#                  the next boot, not now)
#   install        with a network: packages, the virtual environment, the model, the service
#
# What is particular to this card is in first-boot.env beside it. SAGUI_ROOT, SAGUI_PYTHON and SAGUI_OWNER are for tests.
set -euo pipefail

root="${SAGUI_ROOT:-}"
python="${SAGUI_PYTHON:-/usr/bin/python3}"
owner="${SAGUI_OWNER:-sagui}"
boot="$root/boot/firmware"
card="$boot/sagui"
etc="$root/etc/sagui"
home="$root/opt/sagui"
state="$root/var/lib/sagui"
kept="$root/usr/local/lib/sagui"
units="$root/etc/systemd/system"

say() {
  echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $*"
}

make_user() {
  groupadd --force --system video
  groupadd --force --system plugdev
  id sagui >/dev/null 2>&1 ||
    useradd --system --user-group --groups video,plugdev --home-dir /var/lib/sagui --shell /usr/sbin/nologin sagui
}

# What cannot be read again on flash memory is more than a script can promise: docs/provisioning.md.
erase() {
  shred --force --zero --remove "$1" 2>/dev/null || rm -f "$1"
}

# The copy is whole and on the disk before the original goes.
take_secret() {
  local file="$1" target="$2" user="$3"
  install -d -m 755 "$(dirname "$target")"
  install -o "$user" -g "$user" -m 600 "$file" "$target.new"
  sync "$target.new"
  mv "$target.new" "$target"
  sync
  erase "$file"
}

take_secrets() {
  local file name super
  super="$(id -un)"
  for file in "$card"/secrets/*; do
    [ -f "$file" ] || continue
    name="$(basename "$file")"
    case "$name" in
      *.nmconnection) take_secret "$file" "$root/etc/NetworkManager/system-connections/$name" "$super" ;;
      *) take_secret "$file" "$etc/$name" "$owner" ;;
    esac
  done
  rmdir "$card/secrets" 2>/dev/null || true
}

take_public() {
  local file
  for file in "$card"/public/*; do
    [ -f "$file" ] || continue
    install -m 644 "$file" "$etc/"
  done
}

begin() {
  say "the first boot of this card begins"
  make_user
  install -d -m 755 "$etc" "$kept" "$units" "$root/etc/systemd/system.conf.d"
  take_secrets
  take_public
  install -m 644 "$card/first-boot.env" "$kept/"
  install -m 755 "$card/first-boot.sh" "$kept/"
  install -m 644 "$card/sagui-device.service" "$card/sagui-first-boot.service" "$units/"
  install -m 644 "$card/90-sagui-watchdog.conf" "$root/etc/systemd/system.conf.d/"
  touch "$card/first-boot.done"
  sync
  systemctl daemon-reload
  systemctl enable sagui-first-boot.service
  [ "${1:-}" = later ] || systemctl start --no-block sagui-first-boot.service
}

# A Raspberry Pi has no clock of its own; before the network tells the time, every certificate is of the future.
await_clock() {
  local _
  for _ in $(seq "${SAGUI_CLOCK_TRIES:-60}"); do
    [ "$(timedatectl show --property=NTPSynchronized --value)" = yes ] && return
    sleep 5
  done
  say "no network, or no time from it; the next try is in a minute"
  return 1
}

install_packages() {
  say "packages: $PACKAGES"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=600 -qq update
  # shellcheck disable=SC2086 # several packages
  apt-get -o DPkg::Lock::Timeout=600 -qq --yes --no-install-recommends install $PACKAGES
}

# apt's picamera2 was built for apt's numpy: another major version of it in the environment, and it does not import.
constrain() {
  "$python" - <<'PYTHON'
try:
    import numpy
except ImportError:
    pass
else:
    major = int(numpy.__version__.split(".")[0])
    print(f"numpy<{major + 1}")
    if major < 2:
        print("opencv-python-headless<4.12")
PYTHON
}

install_sagui() {
  local wanted="$REQUIREMENT" limits="$kept/constraints.txt"
  [ ! -e "$home/installed" ] || return 0
  [ -z "$WHEEL" ] || wanted="sagui[update] @ file://$card/$WHEEL"
  say "the virtual environment $home: $wanted"
  # From the beginning: after a power cut pip takes packages for whole of which half the files are empty.
  # shellcheck disable=SC2086 # no option, or one
  "$python" -m venv --clear $VENV_OPTIONS "$home"
  : >"$limits"
  [ -z "$VENV_OPTIONS" ] || constrain >"$limits"
  # /tmp may be memory, of which there is little.
  TMPDIR="$root/var/tmp" "$home/bin/pip" install --no-input --disable-pip-version-check --quiet \
    --constraint "$limits" "$wanted"
  sync
  touch "$home/installed"
}

install_model() {
  say "the model: $MODEL"
  install -m 644 "$card/$MODEL" "$home/$MODEL.new"
  sync "$home/$MODEL.new"
  echo "$SHA256  $home/$MODEL.new" | sha256sum --check --quiet
  mv "$home/$MODEL.new" "$home/$MODEL"
  "$home/bin/sagui" config check "$etc/agent.toml"
  [ -n "$SIGNED" ] || return 0
  # The version at work is this one already; what is asked is whether the registry's keys say so, and what the device
  # then remembers, so that nobody can show it an older registry later.
  say "its signatures: $SIGNED"
  install -d -o "$owner" -g "$owner" -m 750 "$state"
  runuser -u "$owner" -- env STATE_DIRECTORY="$state" "$home/bin/sagui" update install "$SIGNED" \
    --config "$etc/agent.toml" --registry "file://$card/registry" --root "$etc/root.json"
}

# The key of the Wi-Fi goes from the card when the system has it, and the network has proven that it works.
hide_wifi() {
  local config="$boot/network-config" key
  [ -f "$config" ] || return 0
  key="$(sed -n -E "s/^ *password: *'?([0-9a-f]{64})'?\$/\1/p" "$config" | head -n 1)"
  [ -n "$key" ] || return 0
  if ! grep -rqsF "$key" "$root/etc/netplan" "$root/etc/NetworkManager"; then
    say "the key of the Wi-Fi stays in $config: nowhere else was it found"
    return 0
  fi
  install -d -m 755 "$root/etc/cloud/cloud.cfg.d"
  echo 'network: {config: disabled}' >"$root/etc/cloud/cloud.cfg.d/99-sagui-network.cfg"
  sed "s/$key/taken off after the first boot/" "$config" >"$config.new"
  sync
  erase "$config"
  mv "$config.new" "$config"
}

install_all() {
  if [ -e "$kept/first-boot.done" ]; then
    say "done already"
    return
  fi
  # shellcheck source=/dev/null # made for each card
  . "$kept/first-boot.env"
  await_clock
  install_packages
  install_sagui
  install_model
  hide_wifi
  # Not daemon-reload: the watchdog's settings are read at a start of systemd alone.
  systemctl daemon-reexec
  systemctl enable --now sagui-device.service
  touch "$kept/first-boot.done"
  sync
  systemctl disable sagui-first-boot.service
  say "the agent runs"
}

main() {
  case "${1:-}" in
    begin) begin "${2:-}" ;;
    install) install_all ;;
    *)
      echo "usage: first-boot.sh begin [later] | install" >&2
      return 2
      ;;
  esac
}

# On the card, too, for a person who can read the card but not log in. A pipe's status is that of its first part.
main "$@" 2>&1 | tee -a "$card/first-boot.log"
