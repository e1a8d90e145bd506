package timeline

import (
	"testing"
	"time"
)

// The first report of somebody who joins may be held up; the offset must not
// keep that for minutes.
func TestLateFirstReport(t *testing.T) {
	var c Clock
	c.observe(time.Second, 0.160)
	for i := range 14 {
		c.observe(time.Duration(i+2)*time.Second, 0.020)
	}
	if off := c.offset - 0.020; off > 0.001 || off < -0.001 {
		t.Errorf("the offset is %.0f ms off after 15 s", off*1000)
	}
	c.observe(20*time.Second, -0.100) // later it follows slowly
	if c.offset < 0.015 {
		t.Errorf("the offset fell to %.0f ms at once", c.offset*1000)
	}
}
