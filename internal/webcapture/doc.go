// Package webcapture takes copies of public web pages as WARC and WACZ files, reads them back, and says what changed between two.
//
// A capture is a page with what it shows (pictures, styles, scripts), each as
// the server sent it, request and response (ISO 28500, WARC 1.1), in a WACZ
// package (Web Archive Collection Zipped 1.1.1) that replay tools open. The
// digest of the package goes into the record; TLS gives no proof of what a
// server said, so the capturer is believed, and two parties who captured the
// same page within minutes of each other are believed more: see Compare.
package webcapture
