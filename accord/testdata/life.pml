/* Signing, exit and restore of one node, read by one partner; see life_test.go
   for the same in Go over the fold itself. FAULT plants one mistake:
   1 a changed draft keeps its approvals      2 one officer is enough
   3 a restored node writes before it asks    4 it asks, and fetches nothing
   5 a withdrawal works at once               6 it can be taken back for ever
   With 0, and only with 0, spin finds no violated assertion. */
#ifndef FAULT
#define FAULT 0
#endif
#define LEAVES 3
#define WEEKS 4
#define NOTICE 2
#define WITHDRAW 1
#define RETURN 2

byte disk[LEAVES], held[LEAVES], saved[LEAVES];	/* leaf: stance + 2 * number, so that two are never alike */
byte onDisk, atHeld, inBackup;
byte number;		/* of statements so far */
byte week;
byte draft, text;	/* stance, version; 0: none */
byte head, delegate;	/* version that each signed */
bool readOnly, restored;
byte readIn;		/* week in which the withdrawal was read */
byte until;		/* week in which the exit takes effect, from 1; 0: none */
bool ended;

inline send() {
	/* Who reads the log counts approvals of this very text alone. */
	assert(head == text && delegate == text);
	number++;
	disk[onDisk] = draft + 2 * number;
	onDisk++;
	draft = 0; text = 0; head = 0; delegate = 0
}

inline read_all() {
	byte i = 0;
	do
	:: i < onDisk ->
		if
		:: i < atHeld -> assert(held[i] == disk[i])	/* or the log contradicts itself */
		:: else ->
			held[i] = disk[i];
			atHeld = i + 1;
			if
			:: held[i] % 2 == WITHDRAW && until == 0 ->
				readIn = week;
				until = week + 1 + (FAULT == 5 -> 0 : NOTICE)
			:: held[i] % 2 == 0 && until != 0 && (week + 1 < until || FAULT == 6) ->
				assert(!ended);		/* what ended stays ended */
				until = 0
			:: else
			fi
		fi;
		i++
	:: else -> break
	od;
	i = 0
}

active proctype node() {
	byte said, j;
	do
	:: draft == 0 && onDisk < LEAVES && number < LEAVES -> atomic { draft = WITHDRAW; text = 1 }
	:: draft == 0 && onDisk < LEAVES && number < LEAVES -> atomic { draft = RETURN; text = 1 }
	:: text == 1 -> atomic { text = 2; if :: FAULT != 1 -> head = 0; delegate = 0 :: else fi }
	:: draft != 0 && head != text -> head = text
	:: draft != 0 && delegate != text -> delegate = text
	:: draft != 0 && !readOnly && onDisk < LEAVES && ((head != 0 && delegate != 0) || (FAULT == 2 && head != 0)) -> atomic { send() }
	:: !readOnly -> atomic { read_all() }
	:: !restored -> atomic { inBackup = onDisk; j = 0; do :: j < onDisk -> saved[j] = disk[j]; j++ :: else -> break od; j = 0 }
	:: !restored -> atomic { onDisk = inBackup; j = 0; do :: j < onDisk -> disk[j] = saved[j]; j++ :: else -> break od; j = 0; readOnly = true; restored = true }
	:: readOnly -> atomic {
		readOnly = false;
		if
		:: FAULT != 3 && FAULT != 4 && atHeld > onDisk ->
			j = 0;
			do :: j < atHeld -> disk[j] = held[j]; j++ :: else -> break od;
			onDisk = atHeld; j = 0
		:: else
		fi }
	:: week < WEEKS -> atomic {
		week++;
		if
		:: until != 0 && week + 1 >= until ->
			assert(week >= readIn + NOTICE);
			ended = true
		:: else
		fi }
	:: week == WEEKS -> break
	od
}
