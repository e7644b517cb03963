# SPDX-License-Identifier: Apache-2.0
# Completion of edgehaul's commands and options in bash. The program's own help says what there is.
_edgehaul() {
  local word=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} command=${COMP_WORDS[1]} help
  local words='--help'
  case ${COMP_WORDS[COMP_CWORD - 1]} in
    --config | --socket | --dir | --root | --to)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
  esac
  if ((COMP_CWORD == 1)); then
    words+=" $("$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')"
  else
    help=$("$program" "$command" --help 2>/dev/null)
    words+=" $(sed -n 's/^  \(--[a-z-]*\).*/\1/p' <<<"$help")"
    ((COMP_CWORD == 2)) && [[ $command == spool ]] && words+=' ls show verify export'
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o filenames -F _edgehaul edgehaul
