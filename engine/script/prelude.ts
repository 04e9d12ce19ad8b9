/** What every exported script begins with, after its variables: how a step is looked at, done, and remembered. */
export const PRELUDE = `
say() { printf '%s\\n' "$*" >&2; }
step() { printf '\\n== %s\\n' "$*" >&2; }
fail() {
  say "FAILED: $*"
  say "Repair the cause and start this script again: it goes on here. (What is done is noted in $state.)"
  exit 1
}

is_done() { grep -qxF ": done $1" "$state"; }
has_begun() { grep -qxF ": began $1" "$state"; }
note() { printf ': %s\\n' "$*" >>"$state"; }
finished() { is_done "$1" || note 'done' "$1"; }
has_check() { command -v "$1_check" >/dev/null; }

# holds STEP SECONDS: looks whether its check holds, again and again until that much time has passed
holds() {
  has_check "$1" || return 0
  end=$(($(date +%s) + $2))
  until "$1_check" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$end" ] || return 1
    sleep 1
  done
}

# do_step STEP SECONDS ATTEMPTS DELAY [capture]: its command, then its check
do_step() {
  attempt=1
  while :; do
    set +e
    if [ "\${5-}" = capture ]; then
      # the dot keeps newlines at the end
      printed=$(set -e; "$1_run"; printf .)
      code=$?
      printed=\${printed%.}
      printf '%s' "$printed"
    else
      (set -e; "$1_run")
      code=$?
    fi
    set -e
    if [ "$code" -eq 0 ] && holds "$1" "$2"; then return 0; fi
    [ "$attempt" -lt "$3" ] || break
    attempt=$((attempt + 1))
    sleep "$4"
  done
  [ "$code" -eq 0 ] || fail "$1: its command ended with $code"
  fail "$1: its check does not hold after $2 s"
}`.trim();

/** Parts that a script has only where a step needs them. */
export const PARTS: Readonly<Record<string, string>> = {
  look: `
# look STEP SECONDS: it changes nothing, so it is looked at each time
look() {
  if has_check "$1"; then holds "$1" "$2" || fail "$1: its check does not hold after $2 s"; fi
  set +e
  (set -e; "$1_run")
  code=$?
  set -e
  if [ "$code" -ne 0 ] && ! has_check "$1"; then fail "$1: its command ended with $code"; fi
}`,
  converge: `
# converge STEP SECONDS ATTEMPTS DELAY: done unless its check holds already
converge() {
  if has_check "$1" && "$1_check" >/dev/null 2>&1; then say 'already true'; else do_step "$@"; fi
  finished "$1"
}`,
  act: `
# act STEP SECONDS ATTEMPTS DELAY [capture]: done unless it is noted as done and its check still holds
act() {
  ran=
  if is_done "$1" && holds "$1" 0; then say 'done before'; return 0; fi
  do_step "$@"
  ran=yes
}
has_run() { [ -n "$ran" ]; }`,
  first: `
# act_unless_true STEP SECONDS ATTEMPTS DELAY [capture]: as act, and not done either where its check holds already
act_unless_true() {
  ran=
  if has_check "$1" && "$1_check" >/dev/null 2>&1; then say 'already true'; finished "$1"; else act "$@"; fi
}`,
  once: `
# act_once STEP SECONDS ATTEMPTS DELAY [capture]: never repeated unasked
act_once() {
  ran=
  if is_done "$1"; then say 'done before'; return 0; fi
  if has_begun "$1"; then
    if has_check "$1" && "$1_check" >/dev/null 2>&1; then say 'its effect is there'; return 0; fi
    say "If it has acted, add a line to $state:  : done $1"
    say "If it may be done again, remove the line from it:  : began $1"
    fail "$1: it may have acted already, and must not be repeated unasked"
  fi
  note began "$1"
  do_step "$@"
  ran=yes
}`,
  keep: `
# keep NAME VALUE: a variable that is set again when the script is started again
keep() {
  kept=$(printf '%s.' "$2" | sed "s/'/'\\\\\\\\''/g")
  printf "%s='%s'\\n" "$1" "\${kept%.}" >>"$state"
  eval "$1=\\$2"
}`,
};
