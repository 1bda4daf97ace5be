// Package scenario writes the logs and indicator files of a deterministic exercise, and what should be found in them.
//
// Two election offices, north and south, are worked on by the same outsider. He scans north's
// voter-registration site and tries SQL injection on it, registers a name that looks like north's election
// office, mails a poisoned attachment in its name, and steers what he has broken into from his own servers.
// Each side holds other pieces: north knows the control servers and the attachment, south the scanners and
// the look-alike name. Around it flows the ordinary traffic of a working day.
//
// The day ends in an election night: results come in, one number is changed in silence at its source, a page
// looks like another, posts are alike beyond chance, and a forged memo goes around.
//
// Generate and MakeNight are pure: the same seed and base time give the same bytes. Every line is booked when it is made,
// with what stands in it, so the expected facts come from the author's own books and not from the parsers
// and matchers that they are to test. Addresses are those reserved for documentation (RFC 5737, RFC 3849)
// and private ones, names end in .example and .test (RFC 2606); the one exception is a public DNS resolver,
// which is there to be held back.
package scenario
