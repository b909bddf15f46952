package term

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/plan"
	"github.com/firebreak/firebreak/internal/respond"
	"github.com/firebreak/firebreak/internal/secret"
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
func (p *Person) Answer(ctx context.Context, _ *respond.State, a respond.Ask) (r drive.Reply, ok bool, err error) {
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

	r, err = p.answer(ctx, a)
	if errors.Is(err, ErrLeft) {
		if ctx.Err() != nil {
			return drive.Reply{}, false, nil
		}
		return drive.Reply{Answer: p.reply(a, "pause", "left the prompt")}, true, nil
	}
	return r, err == nil, err
}

func (p *Person) answer(ctx context.Context, a respond.Ask) (drive.Reply, error) {
	if err := p.IO.show(introduce(a)); err != nil {
		return drive.Reply{}, err
	}
	for {
		word, err := p.IO.choose(ctx, question(a), choices(a))
		if err != nil {
			return drive.Reply{}, err
		}
		if word == wordDetails {
			if err := p.IO.show(details(a)); err != nil {
				return drive.Reply{}, err
			}
			continue
		}
		r, err := p.carry(ctx, a, word)
		if errors.Is(err, ErrLeft) && ctx.Err() == nil && word != "pause" {
			continue // left the second question: back to the first
		}
		return r, err
	}
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
	case "skip", "settle-yes", "settle-no":
		reason, err := p.IO.line(ctx, "Why? (stands in the report)", notEmpty)
		return drive.Reply{Answer: p.reply(a, word, reason)}, err
	}
	return drive.Reply{Answer: p.reply(a, word, "")}, nil
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
		ok, err := p.IO.yes(ctx, fmt.Sprintf("%s on %s?", x.Use, targetName(x)))
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
	text, err := p.IO.hidden(ctx, "The value (it is not shown, and sealed at once)")
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
