// The low half of a clock of a Verilated model without an evaluation. Part of pbl_rtl_shim.cpp.
//
// A model finds an edge by comparing clk_i with its value in the evaluation before, of which it
// keeps a copy. It rests on two properties of the device: nothing happens at a falling edge, and no
// output depends on an input within a clock; tests/cosim/output_paths.c tests both. The copy is
// Verilator's own: its name is that of 5.006, or of later versions. Under another name it is not
// found, and the low half is evaluated as ever.
#ifndef PBL_RTL_CLOCK_H
#define PBL_RTL_CLOCK_H

#include "Vpbit___024root.h"

namespace {

template <class Root>
auto lower_clock(Root *r, int) -> decltype(void(r->__Vtrigrprev__TOP__clk_i), true) {
  r->__Vtrigrprev__TOP__clk_i = 0;
  return true;
}
template <class Root>
auto lower_clock(Root *r, int) -> decltype(void(r->__Vtrigprevexpr___TOP__clk_i__0), true) {
  r->__Vtrigprevexpr___TOP__clk_i__0 = 0;
  return true;
}
template <class Root>
bool lower_clock(Root *, long) {
  return false;
}

}  // namespace

#endif
