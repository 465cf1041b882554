// Source list of the device, relative to rtl/.
+incdir+pkg
pbit/xoshiro128pp.sv
pbit/lfsr32.sv
pbit/pbit_rng.sv
pbit/pbit_cell.sv
fabric/weight_memory.sv
fabric/dense_lane.sv
fabric/dense_fabric.sv
control/sweep_sequencer.sv
control/image_check.sv
control/device_registers.sv
bus/axil_slave.sv
bus/axis_packer.sv
pbit_top.sv
