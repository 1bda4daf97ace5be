package bell

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Headers of a webhook. The signature is the hex HMAC-SHA256, under the shared
// secret, of timestamp, a dot and the body: whoever checks it refuses old
// timestamps and ids seen before.
const (
	HeaderID        = "Entente-Id"
	HeaderTimestamp = "Entente-Timestamp" // Unix seconds
	HeaderSignature = "Entente-Signature"
)

// Sign returns the signature of a webhook.
func Sign(secret []byte, timestamp int64, body []byte) string {
	h := hmac.New(sha256.New, secret)
	h.Write(strconv.AppendInt(nil, timestamp, 10))
	h.Write([]byte{'.'})
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

type webhook struct{ post }

func (w webhook) Ring(ctx context.Context, m Message) error {
	body, err := json.Marshal(map[string]string{"id": m.ID, "subject": m.Subject, "text": m.Text})
	if err != nil {
		return err
	}
	at := m.At.Unix()
	return w.send(ctx, http.MethodPost, w.url.String(), http.Header{
		"Content-Type": {"application/json"}, HeaderID: {m.ID}, HeaderTimestamp: {strconv.FormatInt(at, 10)},
		HeaderSignature: {Sign(w.config.Secret, at, body)},
	}, string(body))
}

// matrix speaks the client-server API v3 (send message event). The
// transaction id makes a repetition the same event.
type matrix struct{ post }

func (x matrix) Ring(ctx context.Context, m Message) error {
	body, err := json.Marshal(map[string]string{"msgtype": "m.text", "body": m.Subject + "\n" + m.Text})
	if err != nil {
		return err
	}
	u := strings.TrimSuffix(x.url.String(), "/") + "/_matrix/client/v3/rooms/" + url.PathEscape(x.config.Room) + "/send/m.room.message/" + url.PathEscape(m.ID)
	return x.send(ctx, http.MethodPut, u, http.Header{
		"Content-Type": {"application/json"}, "Authorization": {"Bearer " + string(x.config.Secret)},
	}, string(body))
}

type ntfy struct{ post }

func (n ntfy) Ring(ctx context.Context, m Message) error {
	if strings.ContainsAny(m.Subject, "\r\n") {
		return errors.New("bell ntfy: a title is one line")
	}
	title := mime.BEncoding.Encode("utf-8", m.Subject) // as it is, if it is ASCII
	h := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Title": {title}, "Priority": {"high"}}
	if len(n.config.Secret) > 0 {
		h["Authorization"] = []string{"Bearer " + string(n.config.Secret)}
	}
	return n.send(ctx, http.MethodPost, n.url.String(), h, m.Text)
}
