package jshost

import (
	"container/heap"
	"math"
	"sync"
	"time"
)

// task is a macrotask. owner is the program in whose page it runs; nil is the realm itself.
type task struct {
	owner *Program
	run   func()
	poll  bool // it only looks whether another task has changed something
}

type timer struct {
	id    int
	when  time.Time
	seq   int           // among timers of one time, the first set fires first
	every time.Duration // 0: once
	task  task
	index int
}

// loop is the queue of tasks and the timers of a Realm, and its clock. post may be called by any goroutine, the rest
// by the realm's own.
type loop struct {
	virtual bool
	origin  time.Time
	jumped  time.Duration // how far virtual time is ahead

	mu     sync.Mutex
	queue  []task
	closed bool
	wake   chan struct{} // has one element when something was posted

	polls   []task // they wait for the next task that is none
	timers  timerHeap
	byID    map[int]*timer
	lastID  int
	lastSeq int
}

type loopState int

const (
	ready   loopState = iota // there is a task
	idle                     // nothing is left to happen
	stopped                  // the loop was closed
)

func (l *loop) init(virtual bool) {
	l.virtual = virtual
	l.origin = time.Now()
	l.wake = make(chan struct{}, 1)
	l.byID = map[int]*timer{}
}

// now is the time that pages see.
func (l *loop) now() time.Time { return time.Now().Add(l.jumped) }

// post queues t. It reports false when the loop is closed.
func (l *loop) post(t task) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.queue = append(l.queue, t)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

func (l *loop) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.queue = nil
}

// poll has f run after the next task that isn't such a one itself. It is the realm's own task.
func (l *loop) poll(f func()) { l.polls = append(l.polls, task{run: f, poll: true}) }

// ran queues what waits for t or another task to have run.
func (l *loop) ran(t task) {
	if t.poll || len(l.polls) == 0 {
		return
	}
	polls := l.polls
	l.polls = nil
	for _, p := range polls {
		l.post(p)
	}
}

// wait returns when something was posted.
func (l *loop) wait() { <-l.wake }

// next returns the next task. It waits for the next timer when there is nothing else, but never without end.
func (l *loop) next() (task, loopState) {
	for {
		l.queueDue()
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			return task{}, stopped
		}
		if len(l.queue) > 0 {
			t := l.queue[0]
			l.queue[0] = task{}
			l.queue = l.queue[1:]
			l.mu.Unlock()
			return t, ready
		}
		l.mu.Unlock()
		if len(l.timers) == 0 {
			return task{}, idle
		}
		left := l.timers[0].when.Sub(l.now())
		if l.virtual {
			l.jumped += max(left, 0)
			continue
		}
		alarm := time.NewTimer(left)
		select {
		case <-alarm.C:
		case <-l.wake:
			alarm.Stop()
		}
	}
}

// queueDue moves the timers whose time has come to the queue.
func (l *loop) queueDue() {
	if len(l.timers) == 0 {
		return
	}
	now := l.now()
	for len(l.timers) > 0 && !l.timers[0].when.After(now) {
		t := l.timers[0]
		if t.every > 0 {
			t.when = now.Add(t.every)
			l.lastSeq++
			t.seq = l.lastSeq
			heap.Fix(&l.timers, 0)
		} else {
			heap.Pop(&l.timers)
		}
		// clearTimeout holds for a timer that is due but has not run.
		l.post(task{owner: t.task.owner, run: func() {
			if l.byID[t.id] == nil {
				return
			}
			if t.every == 0 {
				delete(l.byID, t.id)
			}
			t.task.run()
		}})
	}
}

// setTimer runs t after ms milliseconds, or every ms milliseconds, and returns the timer's number, which is above 0.
func (l *loop) setTimer(t task, ms float64, repeat bool) int {
	// Browsers count in whole milliseconds of at most 32 bits; more fires at once.
	if math.IsNaN(ms) || ms > math.MaxInt32 || ms < 0 {
		ms = 0
	}
	d := time.Duration(ms) * time.Millisecond
	l.lastID++
	l.lastSeq++
	tm := &timer{id: l.lastID, when: l.now().Add(d), seq: l.lastSeq, task: t}
	if repeat {
		tm.every = max(d, time.Millisecond)
	}
	l.byID[tm.id] = tm
	heap.Push(&l.timers, tm)
	return tm.id
}

func (l *loop) clearTimer(id int) {
	if t := l.byID[id]; t != nil {
		delete(l.byID, id)
		if t.index >= 0 {
			heap.Remove(&l.timers, t.index)
		}
	}
}

// clearOwner removes the timers of p.
func (l *loop) clearOwner(p *Program) {
	for id, t := range l.byID {
		if t.task.owner == p {
			l.clearTimer(id)
		}
	}
}

// timerHeap is a container/heap by time.
type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	if !h[i].when.Equal(h[j].when) {
		return h[i].when.Before(h[j].when)
	}
	return h[i].seq < h[j].seq
}
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}
