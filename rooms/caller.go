package rooms

import "context"

type callerKey struct{}

// WithCaller returns a context that says who is logged in: a user's id.
func WithCaller(ctx context.Context, userID int64) context.Context {
	return context.WithValue(ctx, callerKey{}, userID)
}

// CallerOf returns the id of who is logged in, 0 for nobody.
func CallerOf(ctx context.Context) int64 {
	id, _ := ctx.Value(callerKey{}).(int64)
	return id
}
