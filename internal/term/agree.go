package term

import "context"

// Agree asks one yes-or-no question at the terminal. Nothing is chosen beforehand.
func (s *Streams) Agree(ctx context.Context, title string) (bool, error) { return s.yes(ctx, title) }
