package nats

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Address is a parsed nats://HOST:PORT[,HOST:PORT...]/STREAM?replicas=N&group=NAME, or the same with tls://.
type Address struct {
	Servers  string
	TLS      bool // no connection without
	Stream   string
	Group    string // of workers; "watch" if not given
	Replicas int    // of a stream that is not there yet; 1 if not given
}

var streamName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// ParseAddress reads an address.
func ParseAddress(text string) (Address, error) {
	bad := func(why string) (Address, error) {
		return Address{}, fmt.Errorf("%.200q: %s; want nats://HOST:PORT/STREAM?group=NAME&replicas=N, or tls://", text, why)
	}
	scheme, rest, known := strings.Cut(text, "://")
	hosts, rest, ok := strings.Cut(rest, "/")
	switch {
	case !known || scheme != "nats" && scheme != "tls" || !ok || hosts == "":
		return bad("no server or stream")
	case strings.Contains(hosts, "@"):
		return bad("secrets belong in files")
	}
	name, query, _ := strings.Cut(rest, "?")
	values, err := url.ParseQuery(query)
	if err != nil || !streamName.MatchString(name) {
		return bad("not a name of a stream")
	}
	a := Address{Stream: name, Group: "watch", Replicas: 1, TLS: scheme == "tls"}
	for key := range values {
		switch v := values.Get(key); key {
		case "group":
			if a.Group = v; !streamName.MatchString(v) {
				return bad("not a name of a group")
			}
		case "replicas":
			if a.Replicas, err = strconv.Atoi(v); err != nil || a.Replicas < 1 || a.Replicas > 5 {
				return bad("replicas are 1 to 5")
			}
		default:
			return bad("unknown " + key)
		}
	}
	var servers []string
	for h := range strings.SplitSeq(hosts, ",") {
		servers = append(servers, scheme+"://"+h)
	}
	a.Servers = strings.Join(servers, ",")
	return a, nil
}

// How long things may take before they are tried again.
const (
	askTime  = 5 * time.Second
	tryAgain = 200 * time.Millisecond
	ackWait  = 30 * time.Second
	keepTime = 7 * 24 * time.Hour
)

// Conn is a connection to the streams of one address.
type Conn struct {
	at      Address
	nc      *nats.Conn
	js      jetstream.JetStream
	ackWait time.Duration
	told    func(error)
}

// Open connects, and makes the streams if they are not there: STREAM for lines, STREAM_results for results.
// When a stream is full its servers refuse more, and the shipper waits. told, if set, is called with what keeps
// it waiting, here and later.
func Open(ctx context.Context, at Address, login Login, told func(error)) (*Conn, error) {
	options, err := login.options(at)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", at.Servers, err)
	}
	options = append(options, nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true), nats.ReconnectWait(tryAgain), nats.Timeout(askTime), nats.Name("entente"))
	nc, err := nats.Connect(at.Servers, options...)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", at.Servers, err)
	}
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(askTime))
	if err != nil {
		nc.Close()
		return nil, err
	}
	c := &Conn{at: at, nc: nc, js: js, ackWait: ackWait, told: told}
	for name, subject := range map[string]string{at.Stream: at.Stream + ".lines.>", c.results(): at.Stream + ".results.>"} {
		err := c.again(ctx, func(ctx context.Context) error { return c.ensure(ctx, name, subject) })
		if err != nil {
			nc.Close()
			return nil, fmt.Errorf("stream %s: %w", name, err)
		}
	}
	return c, nil
}

func (c *Conn) ensure(ctx context.Context, name, subject string) error {
	_, err := c.js.Stream(ctx, name)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return err
	}
	_, err = c.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: name, Subjects: []string{subject}, Storage: jetstream.FileStorage, Replicas: c.at.Replicas,
		Discard: jetstream.DiscardNew, MaxAge: keepTime, Duplicates: 2 * time.Minute, AllowDirect: false,
	})
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return nil
	}
	return err
}

// Close closes the connection.
func (c *Conn) Close() { c.nc.Close() }

func (c *Conn) results() string { return c.at.Stream + "_results" }

// token is a source's name as part of a subject.
func token(source string) string {
	sum := sha256.Sum256([]byte(source))
	return hex.EncodeToString(sum[:12])
}

// again tries until it works, the context ends or the error is one that stays.
func (c *Conn) again(ctx context.Context, try func(ctx context.Context) error) error {
	for {
		once, cancel := context.WithTimeout(ctx, askTime)
		err := try(once)
		cancel()
		if err == nil || stays(err) {
			return err
		}
		last := c.nc.LastError()
		if c.nc.IsClosed() && ctx.Err() == nil {
			return fmt.Errorf("%w: %w", ErrRefused, last)
		}
		if untrusted := new(tls.CertificateVerificationError); errors.As(last, &untrusted) {
			return fmt.Errorf("%w: %w", ErrRefused, untrusted)
		}
		if c.told != nil && !c.nc.IsConnected() {
			c.told(fmt.Errorf("no connection: %w", cmp.Or(last, err)))
		} else if c.told != nil && ctx.Err() == nil {
			c.told(err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(tryAgain):
		}
	}
}

// ErrElsewhere says that somebody else publishes lines of the same source.
var ErrElsewhere = errors.New("another shipper publishes this source")

// ErrRefused says that the servers do not let this connection in, or are not those of the CA file.
var ErrRefused = errors.New("not let in")

func stays(err error) bool {
	return errors.Is(err, ErrElsewhere) || errors.Is(err, errThere) || errors.Is(err, ErrBatch)
}

var errThere = errors.New("there is one already")

// ErrBatch says of a message that it is no batch, so that nobody can judge it.
var ErrBatch = errors.New("not a batch of lines")

// wrongSequence reports whether a publication was refused because the subject has another last message.
func wrongSequence(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
