package term

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
	"github.com/firebreak/firebreak/internal/view"
)

// Person answers what the decider asks by asking the person at the terminal.
// Questions come one at a time; progress lines wait meanwhile. Leaving a prompt
// pauses the incident.
type Person struct {
	IO *Streams
	By string // who answers, for the journal
	// Seal seals a pasted value durably and gives the reference for the journal.
	Seal func(name string, t secret.Text) (ref string, err error)
	// SecondPerson: an override needs another person's name.
	SecondPerson bool

	mu sync.Mutex
}

// Answer implements drive.Responder.
func (p *Person) Answer(ctx context.Context, s *respond.State, a respond.Ask) (r drive.Reply, ok bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() != nil {
		return drive.Reply{}, false, nil
	}
	release, err := p.IO.Err.Hold()
	if err != nil {
		return drive.Reply{}, false, err
	}
	defer func() { err = errors.Join(err, release()) }()

	r, err = p.answer(ctx, s, a)
	if errors.Is(err, ErrLeft) {
		if ctx.Err() != nil {
			return drive.Reply{}, false, nil
		}
		return drive.Reply{Answer: p.reply(a, "pause", "left the prompt")}, true, nil
	}
	return r, err == nil, err
}

func (p *Person) answer(ctx context.Context, s *respond.State, a respond.Ask) (drive.Reply, error) {
	options := choices(a)
	columns, lines := p.IO.size()
	if err := p.IO.print(page{columns, lines - len(options) - around, s}.above(a)); err != nil {
		return drive.Reply{}, err
	}
	for {
		word, err := p.IO.choose(ctx, question(a), options)
		if err != nil {
			return drive.Reply{}, err
		}
		switch word {
		case wordDetails:
			err = p.details(ctx, s, a)
		case wordWhere:
			err = p.where(s, a)
		default:
			r, err := p.carry(ctx, a, word)
			if errors.Is(err, ErrLeft) && ctx.Err() == nil && word != "pause" {
				continue // left the second question: back to the first
			}
			return r, err
		}
		if err != nil && (!errors.Is(err, ErrLeft) || ctx.Err() != nil) {
			return drive.Reply{}, err
		}
	}
}

// where shows the one screen: what is happening, proven, open, next.
func (p *Person) where(s *respond.State, a respond.Ask) error {
	if s == nil {
		return nil
	}
	next := "answer the question; pausing is safe, firebreak resume " + s.Opened.Incident + " goes on"
	_, lines := p.IO.size()
	room := lines - len(choices(a)) - around - 1
	return p.IO.print("\n" + view.WhereWithin(room, p.IO.promptStyle(), s, "asks you: "+question(a), next))
}

// around is what a question takes besides its choices: its own line, an empty line,
// the keys, and the line below.
const around = 4

// tooMany is how many actions' details are no wall of text.
const tooMany = 3

// details shows what stands behind an action, and the message for whom it concerns.
// Of many actions one is chosen first.
func (p *Person) details(ctx context.Context, s *respond.State, a respond.Ask) error {
	shown := a.Actions
	if len(shown) > tooMany {
		labels := make([]string, 0, len(shown)+2)
		for _, x := range shown {
			labels = append(labels, x.Use+"  "+targetName(x))
		}
		n, err := p.IO.Choose(ctx, "Details of which?", append(labels, "All of them", "Back"))
		if err != nil || n == len(shown)+1 {
			return err
		}
		if n < len(shown) {
			shown = shown[n : n+1]
		}
	}
	var b strings.Builder
	for _, x := range shown {
		b.WriteString("\n" + view.Details(x))
	}
	if err := p.IO.show(b.String()); err != nil || a.Kind != respond.Confirm {
		return err
	}
	return p.IO.print("\n" + view.Messages(s, p.By, shown)) // not broken, so that it can be copied
}

// carry asks what a choice needs besides: a reason, the target's name, a value.
func (p *Person) carry(ctx context.Context, a respond.Ask, word string) (drive.Reply, error) {
	switch word {
	case "go":
		return p.agree(ctx, a)
	case "some":
		return p.some(ctx, a)
	case "override":
		return p.override(ctx, a)
	case "value":
		return p.value(ctx, a)
	case "hand-over":
		return p.handOver(ctx, a)
	case "skip", "settle-yes", "settle-no":
		reason, err := p.IO.line(ctx, "Why? (stands in the report)", notEmpty)
		return drive.Reply{Answer: p.reply(a, word, reason)}, err
	}
	return drive.Reply{Answer: p.reply(a, word, "")}, nil
}

// handOver asks to whom the incident goes, and what they should know.
func (p *Person) handOver(ctx context.Context, a respond.Ask) (drive.Reply, error) {
	to, err := p.IO.line(ctx, "To whom? (the name they log in with)", p.somebodyElse)
	if err != nil {
		return drive.Reply{}, err
	}
	note, err := p.IO.line(ctx, "What should they know? (may stay empty; stands in the report)", nil)
	if err != nil {
		return drive.Reply{}, err
	}
	r := p.reply(a, "hand-over", note)
	r.To = strings.TrimSpace(to)
	return drive.Reply{Answer: r}, nil
}

func (p *Person) somebodyElse(s string) error {
	if err := notEmpty(s); err != nil {
		return err
	}
	if strings.TrimSpace(s) == p.By {
		return errors.New("that is you; pause instead")
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return errors.New("a name has no control characters")
	}
	return nil
}

func (p *Person) agree(ctx context.Context, a respond.Ask) (drive.Reply, error) {
	if a.Typed != "" {
		if err := p.typed(ctx, a.Typed); err != nil {
			return drive.Reply{}, err
		}
	}
	return drive.Reply{Answer: p.reply(a, "go", "")}, nil
}

func (p *Person) some(ctx context.Context, a respond.Ask) (drive.Reply, error) {
	r := p.reply(a, "some", "")
	for _, x := range a.Actions {
		ok, err := p.IO.yes(ctx, fmt.Sprintf("%s on %s (%s)?", x.Use, targetName(x), view.Undo(x)))
		if err != nil {
			return drive.Reply{}, err
		}
		if ok && x.Effect == plan.Irreversible {
			err = p.typed(ctx, targetName(x))
		}
		if err != nil {
			return drive.Reply{}, err
		}
		if ok {
			r.Actions = append(r.Actions, x.ID)
		}
	}
	if len(r.Actions) < len(a.Actions) {
		reason, err := p.IO.line(ctx, "Why are the others skipped? (stands in the report)", notEmpty)
		if err != nil {
			return drive.Reply{}, err
		}
		r.Reason = reason
	}
	return drive.Reply{Answer: r}, nil
}

func (p *Person) override(ctx context.Context, a respond.Ask) (drive.Reply, error) {
	reason, err := p.IO.line(ctx, "Why may this gate be passed? (loud in the report)", notEmpty)
	if err != nil {
		return drive.Reply{}, err
	}
	if err := p.typed(ctx, "override "+string(a.Gate)); err != nil {
		return drive.Reply{}, err
	}
	o := &respond.Overridden{Gate: a.Gate, Reason: reason, By: p.By}
	if len(a.Actions) == 1 {
		o.Action = a.Actions[0].ID
	} else {
		for _, x := range a.Actions {
			o.Actions = append(o.Actions, x.ID)
		}
	}
	if p.SecondPerson {
		o.Second, err = p.IO.line(ctx, "Who is the second person agreeing?", p.another)
		if err != nil {
			return drive.Reply{}, err
		}
	}
	r := p.reply(a, "override", reason)
	r.Second = o.Second
	return drive.Reply{Answer: r, Override: o}, nil
}

func (p *Person) value(ctx context.Context, a respond.Ask) (drive.Reply, error) {
	name := a.Held
	if name == "" || a.Kind == respond.Assist {
		name = a.ID // what an assisted task wants is called the same in each
	}
	text, err := p.IO.value(ctx, "The value (it is not shown, and sealed at once; @FILE reads it from a file)")
	if err != nil {
		return drive.Reply{}, err
	}
	ref, err := p.Seal(name, text)
	if err != nil {
		return drive.Reply{}, fmt.Errorf("seal the pasted value: %w", err)
	}
	r := p.reply(a, "value", "")
	r.Value = ref
	return drive.Reply{Answer: r}, nil
}

func (p *Person) typed(ctx context.Context, want string) error {
	title := fmt.Sprintf("Type %s to confirm", want)
	if !p.IO.fitsTitle(title) { // a title is broken anywhere; the name stays whole for copying
		if err := p.IO.show(want + "\n"); err != nil {
			return err
		}
		title = "Type the name above to confirm"
	}
	_, err := p.IO.line(ctx, title, func(s string) error {
		if strings.TrimSpace(s) != want {
			return fmt.Errorf("that is not %s; Ctrl-C goes back", p.IO.clean(want))
		}
		return nil
	})
	return err
}

func (p *Person) another(s string) error {
	if err := notEmpty(s); err != nil {
		return err
	}
	if s == p.By {
		return errors.New("the second person is somebody else")
	}
	return nil
}

func (p *Person) reply(a respond.Ask, word, reason string) respond.Answered {
	return respond.Answered{Ask: a.ID, Choice: word, Reason: reason, By: p.By}
}
