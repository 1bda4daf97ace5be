package cvr

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"
)

// stream is a Dominion CSV of wide rows, made as it is read. It measures the
// heap each time that it has given some more.
type stream struct {
	least    int64 // bytes, to the end of a row
	given    int64
	rows     int
	buf      []byte
	measured int64 // bytes given then
	peak     uint64
}

const (
	streamContests = 40
	streamChoices  = 5
	streamEach     = 1 << 20 // bytes between two measurements
)

func newStream(least int64) *stream {
	s := &stream{least: least}
	var contests, choices, blank strings.Builder
	for i := range streamContests * streamChoices {
		fmt.Fprintf(&contests, ",Contest %d (Vote For=1)", i/streamChoices)
		fmt.Fprintf(&choices, ",Choice %d", i%streamChoices)
		blank.WriteByte(',')
	}
	s.buf = fmt.Appendf(s.buf, "General,5.10.50.85%s%s\r\n", strings.Repeat(",", 6), &blank)
	s.buf = fmt.Appendf(s.buf, ",,,,,,,%s\r\n,,,,,,,%s\r\n", &contests, &choices)
	s.buf = fmt.Appendf(s.buf, "CvrNumber,TabulatorNum,BatchId,RecordId,ImprintedId,CountingGroup,PrecinctPortion,BallotType%s\r\n", &blank)
	return s
}

func (s *stream) Read(p []byte) (int, error) {
	for len(s.buf) < len(p) && s.given+int64(len(s.buf)) < s.least {
		s.rows++
		s.buf = fmt.Appendf(s.buf, "%d,%d,%d,%d,,Mail,P 1,A sheet %d", s.rows, s.rows%7, s.rows/50%1000, s.rows, 1+s.rows%3)
		for i := range streamContests {
			for j := range streamChoices {
				mark := byte('0')
				if (s.rows+i)%(streamChoices+1) == j {
					mark = '1'
				}
				s.buf = append(s.buf, ',', mark)
			}
		}
		s.buf = append(s.buf, '\r', '\n')
	}
	if len(s.buf) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.buf)
	s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	if s.given += int64(n); s.given-s.measured >= streamEach {
		s.measured, s.peak = s.given, max(s.peak, heap())
	}
	return n, nil
}

// heap is how many bytes objects take, those that nobody needs any more too.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// streamBytes is how large the stream is: some 8 MB, or what the environment says.
func streamBytes(t *testing.T) int64 {
	t.Helper()
	n, err := strconv.ParseInt(cmp.Or(os.Getenv("ENTENTE_CVR_BYTES"), "8000000"), 10, 64)
	if err != nil || n < 4*streamEach {
		t.Fatalf("ENTENTE_CVR_BYTES: %d bytes, %v", n, err)
	}
	return n
}

// TestStreams: what reading holds at any time does not grow with the file, but
// for what the root needs of each row.
func TestStreams(t *testing.T) {
	const (
		fixed  = 6 << 20 // of the reader
		eachOf = 192     // bytes of the sum for a row: its leaf, once more while they are copied into more room, and garbage
	)
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // so that what is measured is what is held
	least := streamBytes(t)
	read := func(t *testing.T, each func(*Row) error, bound func(rows int) uint64) int {
		runtime.GC()
		before, began, s := heap(), time.Now(), newStream(least)
		// The format is told from another reader: that one must not be counted twice.
		opened := 0
		if _, err := Read([]Input{{"big.csv", func() (io.ReadCloser, error) {
			if opened++; opened == 1 {
				return io.NopCloser(newStream(least)), nil
			}
			return io.NopCloser(s), nil
		}}}, each); err != nil {
			t.Fatal(err)
		}
		if s.given < least || s.measured == 0 {
			t.Fatalf("%d bytes read, measured at %d", s.given, s.measured)
		}
		s.peak -= min(s.peak, before)
		t.Logf("%d bytes, %d rows in %s; at most %d bytes held", s.given, s.rows, time.Since(began).Round(10*time.Millisecond), s.peak)
		if most := bound(s.rows); s.peak > most {
			t.Errorf("%d bytes held, want at most %d", s.peak, most)
		}
		return s.rows
	}
	t.Run("read", func(t *testing.T) {
		read(t, func(*Row) error { return nil }, func(int) uint64 { return fixed })
	})
	t.Run("sum", func(t *testing.T) {
		sum := NewSum(nil)
		rows := read(t, sum.Add, func(rows int) uint64 { return fixed + eachOf*uint64(rows) })
		total, err := sum.Done()
		if err != nil || total.Rows != int64(rows) || len(total.Contests) != streamContests {
			t.Errorf("%d rows of %d, %d contests, %v", total.Rows, rows, len(total.Contests), err)
		}
	})
}
