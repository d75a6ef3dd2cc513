package queue

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// errGone says that the run's streams are not on the server.
var errGone = text.Errorf("服务器上已没有这个任务", "the run is no longer on the server")

// put stores a message unless its subject holds one already, and tries again
// while servers come and go: with the same id, by which the server knows a
// message that it stored although its answer was lost. It returns nil when the
// message, or the earlier one, is stored, errGone when there is no such stream,
// ErrTooLarge, or the cause of ctx.
func (c *Conn) put(ctx context.Context, stream string, m *nats.Msg, id string) error {
	wait := 50 * time.Millisecond
	for {
		attempt, cancel := context.WithTimeout(ctx, requestTimeout)
		_, err := c.js.PublishMsg(attempt, m, jetstream.WithMsgID(id), jetstream.WithExpectStream(stream),
			jetstream.WithExpectLastSequencePerSubject(0), jetstream.WithRetryAttempts(0))
		cancel()
		var api *jetstream.APIError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence:
			return nil // there already
		case errors.Is(err, nats.ErrMaxPayload), errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamMessageExceedsMaximum:
			return ErrTooLarge
		case errors.Is(err, nats.ErrConnectionClosed):
			return err
		case errors.Is(err, jetstream.ErrNoStreamResponse):
			// A stream without a leader gives no answer either.
			attempt, cancel := context.WithTimeout(ctx, requestTimeout)
			_, err := c.js.Stream(attempt, stream)
			cancel()
			if errors.Is(err, jetstream.ErrStreamNotFound) {
				return errGone
			}
		}
		if pause(ctx, wait) != nil {
			return context.Cause(ctx)
		}
		wait = min(2*wait, 2*time.Second)
	}
}
