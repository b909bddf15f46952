package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/firebreak/firebreak/internal/rehearse"
	"github.com/firebreak/firebreak/internal/view"
	"github.com/firebreak/firebreak/playbooks"
)

// offer gives what may stand next on a command line. It looks at this machine's disk
// and never at the network: nobody asked for anything yet.
type offer func(f *Factory) []cobra.Completion

// arguments says what each command's arguments complete to, by its path below firebreak.
var arguments = map[string]offer{
	"plan":              playbookFiles,
	"run":               playbookFiles,
	"playbook show":     playbookFiles,
	"playbook validate": playbookFiles,
	"resume":            unfinishedIncidents,
	"settle":            unfinishedIncidents,
	"rollback":          unfinishedIncidents,
	"handover":          unfinishedIncidents,
	"status":            allIncidents,
	"report":            allIncidents,
	"verify":            allIncidents,
	"show":              allIncidents,
	"rehearse":          scenarios,
	"world":             scenarios,
	"schema":            schemas,
}

// values says what flags complete to, in every command that has one of that name.
var values = map[string]offer{
	"workflow": workflowFiles,
	"playbook": playbookFiles,
}

// formats are the output formats of commands that know others than human and json.
var formats = map[string][]string{
	"run": {"human", "json", "ndjson"}, "rollback": {"human", "json", "ndjson"}, "resume": {"human", "json", "ndjson"}, "status": {"human", "json", "ndjson"}, "rehearse": {"human", "json", "ndjson"},
	"contain": {"human", "json", "ndjson"}, "inventory": {"human", "json", "markdown", "html", "sarif", "mermaid"}, "boundary": {"human", "json", "markdown", "sarif"}, "report": {"markdown", "json"}, "survey": {"json", "human"}, "playbook schema": {"json"},
}

// complete makes shells offer what may stand next, in every command below cmd.
func complete(f *Factory, cmd *cobra.Command) error {
	if !cmd.HasParent() {
		if err := cmd.RegisterFlagCompletionFunc("output", completeOutput); err != nil {
			return err
		}
	}
	if o := arguments[commandName(cmd)]; o != nil {
		cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return o(f), cobra.ShellCompDirectiveDefault // a file may stand there too
		}
	}
	for name, o := range values {
		if cmd.LocalNonPersistentFlags().Lookup(name) == nil {
			continue
		}
		if err := cmd.RegisterFlagCompletionFunc(name, func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return o(f), cobra.ShellCompDirectiveDefault
		}); err != nil {
			return err
		}
	}
	for _, c := range cmd.Commands() {
		if err := complete(f, c); err != nil {
			return err
		}
	}
	return nil
}

// completeOutput offers the formats of the command that is being written.
func completeOutput(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if known := formats[commandName(cmd)]; known != nil {
		return known, cobra.ShellCompDirectiveNoFileComp
	}
	return []cobra.Completion{"human", "json"}, cobra.ShellCompDirectiveNoFileComp
}

// worded is a completion with a word on it. Both may come from files.
func worded(name, what string) cobra.Completion {
	return cobra.CompletionWithDesc(view.Line(name), view.Line(what))
}

func playbookFiles(*Factory) []cobra.Completion {
	names, err := playbookNames()
	if err != nil {
		return nil
	}
	var out []cobra.Completion
	for _, n := range names {
		p, err := parsePlaybook(n)
		if err != nil {
			continue
		}
		out = append(out, worded(n, p.Title))
	}
	return out
}

func allIncidents(f *Factory) []cobra.Completion {
	return someIncidents(f, func(string) bool { return true })
}

func unfinishedIncidents(f *Factory) []cobra.Completion {
	return someIncidents(f, func(state string) bool { return state == "open" || state == "paused" })
}

// someIncidents offers incidents, the newest first.
func someIncidents(f *Factory, which func(state string) bool) []cobra.Completion {
	all, err := f.incidents()
	if err != nil {
		return nil
	}
	slices.Reverse(all)
	var out []cobra.Completion
	for _, i := range all {
		if which(i.State) {
			out = append(out, worded(i.Incident, i.State))
		}
	}
	return out
}

func scenarios(*Factory) []cobra.Completion {
	files, err := playbooks.Scenarios()
	if err != nil {
		return nil
	}
	names, err := rehearse.List(files)
	if err != nil {
		return nil
	}
	var out []cobra.Completion
	for _, n := range names {
		if l, err := rehearse.Load(files, n); err == nil {
			out = append(out, worded(n, l.Title))
		}
	}
	return out
}

func schemas(*Factory) []cobra.Completion {
	var out []cobra.Completion
	for _, o := range outputs() {
		short, _, _ := strings.Cut(strings.TrimPrefix(o.Name, "firebreak."), "/")
		out = append(out, worded(short, o.Title))
	}
	return append(out, worded("config", "The file firebreak.yaml"))
}

// workflowFiles offers the workflow files of the working copy one stands in.
func workflowFiles(*Factory) []cobra.Completion {
	all, err := fs.Glob(os.DirFS(filepath.Join(".github", "workflows")), "*.y*ml")
	if err != nil {
		return nil
	}
	var out []cobra.Completion
	for _, name := range all {
		out = append(out, view.Line(name))
	}
	return out
}
