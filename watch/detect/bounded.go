package detect

import "container/list"

// bounded is a map that forgets what was used longest ago when it has too many
// keys or weighs too much, and counts what it forgot.
type bounded[K comparable, V any] struct {
	keys  map[K]*list.Element
	order list.List // the last used first
	most  int
	heaviest,
	weight int
	evicted int64
}

type kept[K comparable, V any] struct {
	key    K
	value  V
	weight int
}

func newBounded[K comparable, V any](most, heaviest int) *bounded[K, V] {
	return &bounded[K, V]{keys: make(map[K]*list.Element), most: most, heaviest: heaviest}
}

// get returns the value of a key and makes it the last used. Without make
// a key that is not there is nil.
func (b *bounded[K, V]) get(k K, make bool) *V {
	e := b.keys[k]
	switch {
	case e != nil:
		b.order.MoveToFront(e)
	case !make:
		return nil
	default:
		e = b.order.PushFront(&kept[K, V]{key: k})
		b.keys[k] = e
		for len(b.keys) > b.most {
			b.forget(b.order.Back())
		}
	}
	return &e.Value.(*kept[K, V]).value
}

// weigh says what a key's value weighs now.
func (b *bounded[K, V]) weigh(k K, weight int) {
	e := b.keys[k]
	if e == nil {
		return
	}
	x := e.Value.(*kept[K, V])
	b.weight += weight - x.weight
	x.weight = weight
	for b.weight > b.heaviest && len(b.keys) > 1 {
		b.forget(b.order.Back())
	}
}

func (b *bounded[K, V]) forget(e *list.Element) {
	x := e.Value.(*kept[K, V])
	b.weight -= x.weight
	b.order.Remove(e)
	delete(b.keys, x.key)
	b.evicted++
}

func (b *bounded[K, V]) counts() (kept, evicted int64) { return int64(len(b.keys)), b.evicted }
