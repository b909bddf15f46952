package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/firebreak/firebreak/internal/diag"
	"github.com/firebreak/firebreak/internal/view"
)

// Main runs the program and gives its exit code. Only its caller ends the process.
func Main(version string, args, environ []string) int {
	f := newFactory(version, environ)
	root := newRoot(f)
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	if err != nil {
		tell(f, err)
	}
	code := CodeOf(err)
	if err := f.flush(); err != nil && code == OK {
		code = Internal // the result did not reach its reader
	}
	return int(code)
}

// tell writes an error and its next step on stderr. If stderr is gone, the exit
// code is all that is left.
func tell(f *Factory, err error) {
	st := f.IO.ErrStyle()
	var list diag.List
	if errors.As(err, &list) {
		if diag.Render(f.IO.Err, list) != nil {
			return
		}
		word := "mistakes"
		if len(list) == 1 {
			word = "mistake"
		}
		err = fmt.Errorf("%d %s; nothing was run", len(list), word)
	}
	text := st.Fit(st.Bad("firebreak:")+" "+view.Block(err.Error()), 2) + "\n"
	var fault *Fault
	if errors.As(err, &fault) && fault.Next != "" {
		text += "  next: " + view.Line(f.spelled(fault.Next)) + "\n"
	}
	if _, err := f.IO.Err.Write([]byte(text)); err != nil {
		return
	}
}
