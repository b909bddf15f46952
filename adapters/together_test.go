package adapters

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Ten who ask while a read is under way share the next one, and none gets what was read
// before he came.
func TestTogetherReadsAnewForThoseWhoComeLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var both Together[time.Time]
		var reads atomic.Int32
		read := func(context.Context) (time.Time, error) {
			began := time.Now()
			reads.Add(1)
			time.Sleep(time.Second)
			return began, nil
		}
		var wait sync.WaitGroup
		for i := range 11 {
			wait.Go(func() {
				time.Sleep(time.Duration(i) * 50 * time.Millisecond)
				asked := time.Now()
				if began, err := both.Do(t.Context(), "k", read); err != nil || began.Before(asked) {
					t.Errorf("asked at %s, got what was read at %s, %v", asked, began, err)
				}
			})
		}
		wait.Wait()
		if n := reads.Load(); n != 2 {
			t.Errorf("%d reads for eleven callers", n)
		}
		if len(both.lines) != 0 {
			t.Errorf("%d lines left", len(both.lines))
		}
	})
}

// Other keys do not wait.
func TestTogetherKeepsKeysApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var both Together[string]
		began := time.Now()
		var wait sync.WaitGroup
		for _, key := range []string{"a", "b"} {
			wait.Go(func() {
				got, err := both.Do(t.Context(), key, func(context.Context) (string, error) { time.Sleep(time.Second); return key, nil })
				if got != key || err != nil {
					t.Errorf("%s: %q, %v", key, got, err)
				}
			})
		}
		wait.Wait()
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// Whoever reads for others and goes away takes none of them along; an error is everybody's.
func TestTogetherOutlivesItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var both Together[int]
		failed := errors.New("failed")
		read := func(ctx context.Context) (int, error) {
			select {
			case <-time.After(time.Second):
				return 7, failed
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		short, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		var wait sync.WaitGroup
		for i := range 4 {
			wait.Go(func() {
				ctx := t.Context()
				if i == 1 {
					ctx = short
				}
				time.Sleep(time.Duration(i) * time.Millisecond)
				got, err := both.Do(ctx, "k", read)
				if i == 1 && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the one who went away got %v", err)
				}
				if i != 1 && (got != 7 || !errors.Is(err, failed)) {
					t.Errorf("caller %d got %d, %v", i, got, err)
				}
			})
		}
		wait.Wait()
	})
}
