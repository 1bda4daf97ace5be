package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"entente/match"
)

// residentBound is how much memory a side of a run of a million items may
// take, in MiB.
const residentBound = 1536

// pairResult is what one side of a run in two processes tells.
type pairResult struct {
	CPU   time.Duration `json:"cpu"`   // until both proofs held, in ns
	Bytes int           `json:"bytes"` // that it got until then
	Peak  float64       `json:"peak"`  // MiB resident at most, in the whole run; 0 where the system does not tell
	Count int           `json:"count"`
	Found int           `json:"found"`
}

// twoProcesses runs a match of two sets of n between two processes of this
// program over a loopback socket, to its end.
func twoProcesses(ctx context.Context, e env, n int) (took time.Duration, sent int, memory float64, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, 0, 0, err
	}
	results, err := pair(ctx, e, self, n)
	if err != nil {
		return 0, 0, 0, err
	}
	for _, r := range results {
		if r.Count != n/2 || r.Found != n/2 {
			return 0, 0, 0, fmt.Errorf("bench: %d counted, %d found of %d", r.Count, r.Found, n/2)
		}
		took, sent, memory = took+r.CPU, sent+r.Bytes, max(memory, r.Peak)
	}
	return took, sent, memory, nil
}

// pair starts both sides and waits for their results.
func pair(ctx context.Context, e env, self string, n int) (results [2]pairResult, err error) {
	dir, err := os.MkdirTemp("", "entente-bench-")
	if err != nil {
		return results, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	tell, end := e.progress("match")
	defer end()
	var mu sync.Mutex // guards what follows
	var done, total [2]uint64
	moved := func(side int, d, t uint64) {
		mu.Lock()
		defer mu.Unlock()
		if done[side], total[side] = d, t; tell != nil {
			tell(done[0]+done[1], total[0]+total[1])
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	address := make(chan string, 1)
	for _, side := range []int{1, 0} {
		g.Go(func() error {
			to := ""
			if side == 0 {
				select {
				case to = <-address:
				case <-ctx.Done():
					return nil // the other side tells why
				}
			}
			cmd := exec.CommandContext(ctx, self, "bench", benchSideVerb, strconv.Itoa(side), strconv.Itoa(n), dir, to)
			return hear(cmd, func(line string) error {
				var d, t uint64
				if at, ok := strings.CutPrefix(line, "at "); ok {
					address <- at
				} else if _, err := fmt.Sscanf(line, "done %d %d", &d, &t); err == nil {
					moved(side, d, t)
				} else if err := json.Unmarshal([]byte(line), &results[side]); err != nil {
					return fmt.Errorf("bench: side %d says %.80q", side, line)
				}
				return nil
			})
		})
	}
	return results, g.Wait()
}

// hear runs a process, and calls f for each line that it says.
func hear(cmd *exec.Cmd, f func(line string) error) error {
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	for in := bufio.NewScanner(out); err == nil && in.Scan(); {
		err = f(in.Text())
	}
	if ended := cmd.Wait(); ended != nil {
		return fmt.Errorf("%w: %.500s", errors.Join(err, ended), complaint.String())
	}
	return err
}

// asking fetches messages of the other side, one after the other.
type asking struct {
	conn net.Conn
	in   *bufio.Reader
}

// get waits for a message.
func (a *asking) get(id match.ID) ([]byte, error) {
	if _, err := fmt.Fprintln(a.conn, id); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(a.in, size[:]); err != nil {
		return nil, err
	}
	long := int(size[0])<<24 | int(size[1])<<16 | int(size[2])<<8 | int(size[3])
	if long > match.MaxMessage {
		return nil, fmt.Errorf("bench: a message of %d bytes", long)
	}
	raw := make([]byte, long)
	_, err := io.ReadFull(a.in, raw)
	return raw, err
}
