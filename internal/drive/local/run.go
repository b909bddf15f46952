// Package local drives one incident on one machine: the journal on disk, bounded
// workers, one person at a time.
//
// Create or Resume gives a Log; Run carries the decider's commands out until it
// stops. Run decides nothing: what is wanted is asked of the decider anew after
// every batch of records, and what is under way is known by the commands' keys.
// No command leaves before the records it rests on are on disk, and no answer is
// acted upon before it is.
package local

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/firebreak/firebreak/internal/drive"
	"github.com/firebreak/firebreak/internal/respond"
)

// Interrupted is the exit code of a sitting that was interrupted in order.
const Interrupted = 130

// Options is what Run needs. Log and Hands are required.
type Options struct {
	Log       *Log
	Hands     drive.Hands
	Responder drive.Responder // nil: nobody is there
	// Workers bounds the mutating calls under way at one time at one provider, and, each by
	// itself, sixteen times as many reads, of which many share what is sent; 0 is 4. One
	// provider that makes us wait holds up no other.
	Workers int
	// Interrupt: the first value ends the sitting in order (what is under way
	// finishes and is recorded), the second at once (what is under way stays in
	// doubt). Nil: never.
	Interrupt <-chan struct{}
	// Amend gives what is added to the incident while the sitting goes on: a further
	// plan with what belongs to it, as one batch. As long as it is open the sitting does
	// not end for want of something to do. Nil: nothing is added.
	Amend <-chan []respond.Data
	// Destroy destroys the incident's key when every credential is closed. Nil: there is none.
	Destroy func() error
}

// Run carries the incident on until it is closed, paused or cut short, and gives
// its last state. An error means the sitting could not end in order: the journal
// failed, ctx ended, the responder failed; the incident can be resumed.
func Run(ctx context.Context, o Options) (*respond.State, error) {
	if o.Workers <= 0 {
		o.Workers = 4
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	asking, hush := context.WithCancel(ctx)
	r := &run{
		Options: o,
		ctx:     ctx,
		asking:  asking,
		hush:    hush,
		running: map[string]lane{},
		count:   map[lane]int{},
		results: make(chan result, 3*o.Workers+1),
		gone:    make(chan struct{}),
		left:    map[string]bool{},
	}
	defer close(r.gone)
	err := r.loop()
	cancel()
	r.timer.stop()
	return o.Log.State(), err
}

type run struct {
	Options
	ctx     context.Context
	asking  context.Context // ends when nobody is to be asked any more
	hush    context.CancelFunc
	running map[string]lane // by command key
	count   map[lane]int
	results chan result
	gone    chan struct{} // closed when nobody takes results any more
	timer   timer
	left    map[string]bool // asks nobody answered in this sitting
	ending  *respond.Paused // set: nothing new starts
	failed  error           // why, when it is not in order
}

// lane is where commands wait for each other: calls and reads for those of the same
// provider, questions and looks around for those of their kind.
type lane struct {
	class    class
	provider string
}

// class says how much of something may be under way at once.
type class int

const (
	calls class = iota
	reads
	looks
	asks
	classes
)

func (r *run) room(l lane) bool {
	return r.count[l] < [classes]int{calls: r.Workers, reads: 16 * r.Workers, looks: 1, asks: 1}[l.class]
}

// result is what a command gave: the records to make of it.
type result struct {
	key    string
	data   []respond.Data
	left   bool
	err    error
	answer bool // a mutating call was answered
}

func (r *run) loop() error {
	for {
		if r.ctx.Err() != nil {
			return r.cut()
		}
		if r.ending == nil {
			if err := r.start(); err != nil {
				return err
			}
		}
		if len(r.running) == 0 {
			if done, err := r.finish(); done || err != nil {
				return err
			}
		}
		if again, err := r.await(); !again || err != nil {
			return err
		}
	}
}

// finish ends the sitting when nothing is under way and nothing more can start.
func (r *run) finish() (done bool, err error) {
	if r.ending != nil {
		return true, errors.Join(r.Log.Append(*r.ending), r.failed)
	}
	waits, asked := false, false
	for _, c := range r.Log.decider.Commands() {
		switch v := c.(type) {
		case respond.Stop:
			if r.Amend != nil && r.Log.State().Phase == "open" {
				return false, nil // nobody chose to stop: what comes may be more to do
			}
			return true, r.stop(v)
		case respond.Ask:
			asked = true
		case respond.Wait:
			waits = !v.Idle || !asked // Wait comes last
		}
	}
	if waits || r.Amend != nil {
		return false, nil
	}
	s := r.Log.State()
	if s.Phase == "closed" || s.Phase == "paused" {
		return true, nil
	}
	code, why := r.Log.decider.Standing()
	return true, r.Log.Append(respond.Paused{Reason: strings.Join(why, "; "), Code: code})
}

func (r *run) stop(s respond.Stop) error {
	if s.HandOver != nil {
		if err := r.Log.HandOver(*s.HandOver); err != nil {
			return err
		}
	}
	if !s.Close {
		return r.Log.Append(respond.Paused{Reason: s.Reason, Code: s.Code})
	}
	if r.Destroy == nil {
		return r.Log.Append(respond.Closed{})
	}
	err := r.Destroy()
	if err != nil {
		err = fmt.Errorf("%w; the incident is closed, remove its key by hand", err)
	}
	return errors.Join(r.Log.Append(respond.Closed{KeyDestroyed: err == nil}), err)
}

// await waits for anything to happen and records it, with everything else that
// has happened by then, as one batch. It says whether to go on.
func (r *run) await() (bool, error) {
	select {
	case res := <-r.results:
		return true, r.record(res)
	case until := <-r.timer.fired():
		r.timer.stop()
		at := r.Log.now()
		if at.Before(until) {
			at = until
		}
		return true, r.Log.append(at, respond.Fired{Until: until})
	case more, open := <-r.Amend:
		if !open {
			r.Amend = nil // blocks for ever from now on
			return true, nil
		}
		return true, r.Log.Append(more...)
	case <-r.Interrupt:
		return r.interrupted()
	case <-r.ctx.Done():
		return false, r.cut()
	}
}

// cut ends the sitting because the caller's context ended.
func (r *run) cut() error {
	r.end(respond.Paused{Reason: "stopped from outside", Code: Interrupted}, r.ctx.Err())
	return r.leave()
}

func (r *run) interrupted() (bool, error) {
	if r.ending != nil && r.ending.Code == Interrupted {
		return false, r.leave()
	}
	r.end(respond.Paused{Reason: "interrupted", Code: Interrupted}, nil)
	return true, nil
}

// end lets what is under way finish, starts nothing new, and stops asking.
func (r *run) end(p respond.Paused, why error) {
	r.ending, r.failed = &p, why
	r.timer.stop()
	r.hush()
	for key, l := range r.running {
		if l.class == asks {
			delete(r.running, key) // its answer, if one still comes, is not taken
			r.count[l]--
		}
	}
}

// leave records what is already there and goes; calls under way stay in doubt.
func (r *run) leave() error {
	var data []respond.Data
	for {
		select {
		case res := <-r.results:
			data = append(data, res.data...)
			continue
		default:
		}
		break
	}
	return errors.Join(r.Log.Append(append(data, *r.ending)...), r.failed)
}

// record makes one batch of a result and of all that wait behind it.
func (r *run) record(res result) error {
	var data []respond.Data
	answers := 0
	for more := true; more; {
		if l, known := r.running[res.key]; known {
			delete(r.running, res.key)
			r.count[l]--
			data = append(data, res.data...)
			r.left[res.key] = r.left[res.key] || res.left
			if res.answer {
				answers++
			}
			if res.err != nil {
				r.end(respond.Paused{Reason: "nobody could be asked: " + res.err.Error(), Code: 1}, res.err)
			}
		}
		select {
		case res = <-r.results:
		default:
			more = false
		}
	}
	if err := r.Log.Append(data...); err != nil {
		return err
	}
	crash.pass("after-fsync", answers)
	return nil
}
