package pattern_test

import (
	"fmt"
	"strings"
	"testing"
)

// someone is an observation of one person.
func someone(name, age, first string) seen {
	return seen{first: first, objects: `{"type":"person","name":"` + name + `","age":` + age + `}`}
}

func TestObservationOperators(t *testing.T) {
	check(t, observations(t, someone("alice", "10", "2004-10-11T21:44:58Z"), someone("bob", "17", "2008-05-09T01:21:58.6Z"), someone("carol", "22", "2006-11-03T07:42:18.96Z")), `
		+[person:name='alice'] AND [person:age>20]
		+[person:name='alice'] OR [person:name='zelda']
		+[person:age>10] OR [person:name='bob'] OR [person:name>'amber']
		+[person:name='alice'] FOLLOWEDBY [person:name>'bill']
		+[person:age > 20] OR ([person:name > 'zelda'] FOLLOWEDBY [person:age < 0])
		+[person:age > 20] OR [person:name > 'zelda'] AND [person:age < 0]
		-([person:name='carol'] FOLLOWEDBY [person:name < 'elizabeth' AND person:age < 15])
		+([person:name='carol'] FOLLOWEDBY [person:name < 'elizabeth']) AND [person:age < 15]
		-[person:name='alice'] AND [person:name='zelda']
		-[person:name='alice'] AND [person:age=10]
		-[person:name='alice'] FOLLOWEDBY [person:age=10]
		-[person:age > 70] OR [person:name > 'zelda'] AND [person:name MATCHES '^...?$']
		-[person:name='bob'] FOLLOWEDBY [person:age<15]
		-[person:age > 20] OR [person:name > 'zelda'] FOLLOWEDBY [person:age < 0]
		-([person:age > 20] OR [person:name > 'zelda']) AND [person:age < 0]
		-[person:name='carol'] FOLLOWEDBY [person:name < 'elizabeth'] AND [person:age < 15]
		+[person:name='alice'] FOLLOWEDBY [person:name='carol'] FOLLOWEDBY [person:name='bob']
		-[person:name='alice'] FOLLOWEDBY [person:name='bob'] FOLLOWEDBY [person:name='carol']`)
}

func TestQualifiers(t *testing.T) {
	check(t, observations(t, someone("alice", "1", "1994-11-29T13:37:52Z"), someone("bob", "2", "1994-11-29T13:37:57Z"), someone("carol", "3", "1994-11-29T13:38:02Z")), `
		+[person:name = 'bob'] WITHIN 1 SECONDS
		+[person:name = 'bob'] WITHIN .0001 SECONDS
		+[person:name = 'alice'] AND [person:name < 'carol'] WITHIN 1 SECONDS
		-([person:name = 'alice'] AND [person:name < 'carol']) WITHIN 5 SECONDS
		+([person:name = 'alice'] AND [person:name < 'carol']) WITHIN 5.000000001 SECONDS
		-([person:name = 'alice'] AND [person:name < 'carol']) WITHIN 4.9999 SECONDS
		+([person:name = 'alice'] OR [person:name = 'darlene']) WITHIN 1 SECONDS
		+([person:name = 'carol'] AND [person:name = 'alice']) WITHIN 11 SECONDS
		+[person:name = 'bob'] START t'1994-11-29T13:37:57Z' STOP t'1994-11-29T13:37:58Z'
		-[person:name = 'bob'] START t'1994-11-29T13:37:56Z' STOP t'1994-11-29T13:37:57Z'
		-[person:name = 'bob'] START t'1994-11-29T13:37:57Z' STOP t'1994-11-29T13:37:57Z'
		-[person:name = 'bob'] START t'1994-11-29T13:37:59Z' STOP t'1994-11-29T13:37:56Z'
		+[person:name LIKE 'a%'] AND [person:name = 'bob'] START t'1994-11-29T13:37:57Z' STOP t'1994-11-29T13:37:58Z'
		+([person:name LIKE 'a%'] AND [person:name = 'bob']) START t'1994-11-29T13:37:50Z' STOP t'1994-11-29T13:37:58Z'
		-([person:name LIKE 'a%'] AND [person:name = 'bob']) START t'1994-11-29T13:37:50Z' STOP t'1994-11-29T13:37:57Z'
		+[person:name = 'alice'] OR [person:name = 'darlene'] START t'1994-11-29T13:37:57Z' STOP t'1994-11-29T13:37:58Z'
		-([person:name = 'alice'] START t'1994-11-29T13:37:50Z' STOP t'1994-11-29T13:37:55Z') START t'1994-11-29T13:37:53Z' STOP t'1994-11-29T13:37:58Z'
		+[person:name MATCHES ''] REPEATS 2 TIMES START t'1994-11-29T13:37:50Z' STOP t'1994-11-29T13:37:58Z'
		-[person:name MATCHES ''] REPEATS 3 TIMES START t'1994-11-29T13:37:50Z' STOP t'1994-11-29T13:37:58Z'
		-[person:name NOT LIKE 'foo'] START t'1994-11-29T13:37:50Z' STOP t'1994-11-29T13:37:57Z' REPEATS 3 TIMES
		+[person:name LIKE '%'] REPEATS 3 TIMES
		+[person:name LIKE '%'] REPEATS 3 TIMES WITHIN 10.1 SECONDS
		-[person:name LIKE '%'] REPEATS 3 TIMES WITHIN 10 SECONDS
		-[person:name LIKE '%'] REPEATS 4 TIMES
		-([person:age < 3] FOLLOWEDBY [person:age > 1]) REPEATS 2 TIMES`)
}

// An observed-data object stands for number_observed sightings somewhere between its two times.
func TestCountsAndIntervals(t *testing.T) {
	obs := observations(t,
		seen{first: "2004-10-11T21:44:58Z", count: 2, objects: `{"type":"person","name":"alice","age":10}`},
		seen{first: "2004-10-11T21:45:01Z", count: 3, objects: `{"type":"person","name":"bob","age":17}`},
		seen{first: "2004-10-11T21:45:02Z", count: 2, objects: `{"type":"person","name":"carol","age":22}`},
		seen{first: "2004-10-11T21:00:00Z", last: "2004-10-11T22:00:00Z", count: 999_999_999, objects: `{"type":"cat","name":"tom"}`})
	check(t, obs, `
		+[person:age < 20] REPEATS 5 TIMES
		-[person:age < 20] REPEATS 6 TIMES
		+[person:age < 20] REPEATS 2 TIMES REPEATS 2 TIMES
		-[person:age < 20] REPEATS 2 TIMES REPEATS 3 TIMES
		+[person:name > 'aaron'] REPEATS 5 TIMES WITHIN 1.5 SECONDS
		-[person:name > 'aaron'] REPEATS 6 TIMES WITHIN 1.5 SECONDS
		+([person:age < 30] AND [person:name > 'aaron']) WITHIN 2 SECONDS REPEATS 3 TIMES
		-([person:age < 30] AND [person:name > 'aaron']) WITHIN 2 SECONDS REPEATS 4 TIMES
		+[person:name = 'alice'] AND [person:name = 'alice']
		-[person:name = 'alice'] AND [person:name = 'alice'] AND [person:name = 'alice']
		+[cat:name = 'tom'] REPEATS 1000 TIMES
		+([cat:name = 'tom'] AND [person:name = 'bob']) WITHIN 1 SECONDS
		+[cat:name = 'tom'] FOLLOWEDBY [person:name = 'bob'] FOLLOWEDBY [cat:name = 'tom']
		+[cat:name = 'tom'] START t'2004-10-11T21:59:00Z' STOP t'2004-10-11T23:00:00Z'
		-[cat:name = 'tom'] START t'2004-10-11T22:00:01Z' STOP t'2004-10-11T23:00:00Z'`)
}

// Twenty observations that all fit are no explosion, and a search that finds none in time says so.
func TestBoundedWork(t *testing.T) {
	var list []seen
	for i := range 20 {
		list = append(list, someone("x", fmt.Sprint(i), fmt.Sprintf("2004-10-11T21:45:%02dZ", i)))
	}
	obs := observations(t, list...)
	check(t, obs, `
		+[person:age < 20] REPEATS 10 TIMES
		+[person:age < 20] REPEATS 10 TIMES WITHIN 10 SECONDS
		-[person:age < 20] REPEATS 10 TIMES WITHIN 9 SECONDS
		+[person:age < 20] REPEATS 10 TIMES FOLLOWEDBY [person:age < 20]
		+[person:age < 20] REPEATS 5 TIMES REPEATS 2 TIMES
		+([person:age < 20] FOLLOWEDBY [person:age > 5]) REPEATS 10 TIMES
		+`+strings.Repeat("[person:age < 20] AND ", 19)+`[person:age < 20]
		-`+strings.Repeat("[person:age < 20] AND ", 20)+`[person:age < 20]`)
	hard := parse(t, `([person:age < 20] AND [person:age < 20] AND [person:age < 20] AND [person:age < 20] AND [person:age < 20] AND [person:age < 20]) REPEATS 3 TIMES FOLLOWEDBY [person:age = 3]`)
	if found, complete := hard.Match(obs, 100_000); found != nil || complete {
		t.Errorf("%v %v", found, complete)
	}
}
