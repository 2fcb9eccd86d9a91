# Shared by the scripts of this folder; source it with the checkout's top as current directory.
# shellcheck shell=bash

export LC_ALL=C.UTF-8

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

say() { printf '%s\n' "$bold$*$plain"; }

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Milliseconds since 1970, and the seconds since such a moment: "12.3 s".
now_ms() { printf '%s' "$((${EPOCHREALTIME/[.,]/} / 1000))"; }
since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq "$@"
}

# apt-get install that starts no server: Debian's scripts ask /usr/sbin/policy-rc.d before they do.
# A policy that is already there stays as it is. A subshell, so that the trap is its own.
install_quietly() (
  policy=/usr/sbin/policy-rc.d
  mark='# Temporary: keeps the servers that dfc installs for its tests from starting.'
  if [[ ! -e $policy ]] || grep -qxF "$mark" "$policy"; then
    trap 'as_root rm -f "$policy"' EXIT
    trap 'exit 1' INT TERM HUP
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" | as_root tee "$policy" >/dev/null || exit 1
    as_root chmod 755 "$policy" || exit 1
  fi
  apt_get install -y --no-install-recommends "$@"
)

# Installs what the lists name and dpkg does not have; asks for root only when something is missing.
install_packages() {
  local wanted missing=() package log
  wanted=$(sed 's/#.*//' "$@") || die "cannot read $*"
  for package in $wanted; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  say "installing ${#missing[@]} packages: ${missing[*]}"
  log=$(mktemp)
  if ! { apt_get update && install_quietly "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    die "could not install ${missing[*]}
On Debian 12 run this as root, then start again:
  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  fi
  rm -f "$log"
}

# build_in DIR [MESON-OPTION...]: configures and builds the checkout in DIR; the log is
# DIR/build.log, and its end is shown upon failure.
build_in() {
  local dir=$1 start mode=()
  shift
  start=$(now_ms)
  mkdir -p "$dir" || return 1
  if [[ -f $dir/meson-private/coredata.dat ]]; then mode=(--reconfigure); fi
  if {
    meson setup --wrap-mode=nodownload "${mode[@]}" "$@" "$dir" . &&
      ninja -C "$dir" all meson-test-prereq
  } >"$dir/build.log" 2>&1 </dev/null; then
    say "built $dir/ in $(since "$start")"
  else
    tail -n 40 "$dir/build.log" >&2
    printf 'the build in %s/ failed; the whole log is %s/build.log\n' "$dir" "$dir" >&2
    return 1
  fi
}
