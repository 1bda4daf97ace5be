// Package nats spreads the lines of sources over workers by NATS JetStream, each line once.
//
// A shipper publishes batches of lines, in the order of each source; where it has come to stands in the last
// message of the source, and the next one is only taken behind that very message. Workers of one group take
// batches and publish one result for each, under a subject that can hold one message only. So whatever dies
// and is tried again, each line is once in the stream, and each batch has one result: both do not depend on the
// window in which a server remembers message ids. A collector reads the results.
//
// What is acknowledged is as durable as the servers make it: run them with sync_interval: always.
package nats
