/** The scripts that make shells ask us: all knowledge stays in the program, so they never go stale. */
import { fileDirective, folderDirective } from './candidates.ts'

const bash = `# bash completion for escale. Use it by: source <(escale completion bash)
_escale() {
  local line word current="\${COMP_WORDS[COMP_CWORD]}"
  [[ $current == "=" ]] && current=""
  COMPREPLY=()
  while IFS= read -r line; do
    word="\${line%%$'\\t'*}"
    case "$word" in
      ${fileDirective}) compopt -o filenames 2>/dev/null; while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current") ;;
      ${folderDirective}) compopt -o filenames 2>/dev/null; while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -d -- "$current") ;;
      *) COMPREPLY+=("$word") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _escale escale
`

const zsh = `#compdef escale
# zsh completion for escale: a file _escale in a folder of fpath, or: source <(escale completion zsh)
_escale() {
  local line word says
  local -a items
  for line in "\${(@f)$(\${words[1]} __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    word="\${line%%$'\\t'*}"
    says="\${line#*$'\\t'}"
    case "$word" in
      '') ;;
      ${fileDirective}) _files ;;
      ${folderDirective}) _files -/ ;;
      *) items+=("\${word//:/\\\\:}:$says") ;;
    esac
  done
  (( \${#items} )) && _describe -t escale escale items
}
if [[ "\${funcstack[1]}" == "_escale" ]]; then
  _escale "$@"
else
  compdef _escale escale
fi
`

const fish = `# fish completion for escale: ~/.config/fish/completions/escale.fish, or: escale completion fish | source
function __escale_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case '${fileDirective}*'
                __fish_complete_path "$current"
            case '${folderDirective}*'
                __fish_complete_directories "$current" ''
            case '*'
                echo $line
        end
    end
end
complete -c escale -f -a '(__escale_complete)'
`

export function scriptFor(shell: string): string {
  switch (shell) {
    case 'bash':
      return bash
    case 'zsh':
      return zsh
    case 'fish':
      return fish
    default:
      throw new RangeError(`no script for ${shell}`)
  }
}
