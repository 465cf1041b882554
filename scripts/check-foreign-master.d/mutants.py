"""Faults of the bus and the streams, each of which the foreign master must find: (name, shape, tests, plants);
a plant is (file below rtl/, old text that occurs once, new text), white space aside."""
import os
import re
import shutil

SLAVE, PACKER, REGISTERS = "bus/axil_slave.sv", "bus/axis_packer.sv", "control/device_registers.sv"
TRACE, RECORD = "bus/trace_port.sv", "control/window_record.sv"
RUNS = "every_kernel|telemetry"

MUTANTS = [
    ("response_to_a_write_is_dropped_beside_a_read", "dense", "slow_master|under_way",
     [(SLAVE, "s_axil_bvalid <= 1'b1;", "s_axil_bvalid <= !(s_axil_arvalid && s_axil_arready);")]),
    ("bvalid_falls_before_bready", "dense", "slow_master",
     [(SLAVE, "if (s_axil_bvalid && s_axil_bready)", "if (s_axil_bvalid)")]),
    ("rvalid_falls_before_rready", "dense", "slow_master",
     [(SLAVE, "if (s_axil_rvalid && s_axil_rready)", "if (s_axil_rvalid)")]),
    ("rdata_changes_while_it_waits", "dense", "slow_master",
     [(SLAVE, "ar_q && !s_axil_rvalid && !do_write", "ar_q && !do_write")]),
    ("second_data_word_overwrites_the_first", "dense", "slow_master|under_way",
     [(SLAVE, "s_axil_wready = !w_q;", "s_axil_wready = 1'b1;")]),
    ("response_before_the_data", "dense", "any_order",
     [(SLAVE, "do_write = aw_q && w_q &&", "do_write = aw_q &&")]),
    ("part_of_a_word_is_written", "dense", "parts_of_words",
     [(SLAVE, "write_o = do_write && !bad_write;", "write_o = do_write;")]),
    ("part_of_a_word_is_answered_with_okay", "dense", "parts_of_words",
     [(SLAVE, "(bad_write || error_i) ? 2'b10", "error_i ? 2'b10")]),
    ("strobe_of_the_high_byte_is_not_seen", "dense", "parts_of_words",
     [(SLAVE, "s_axil_wstrb != 4'b1111", "s_axil_wstrb[2:0] != 3'b111")]),
    ("unaligned_read_is_done", "dense", "parts_of_words",
     [(SLAVE, "araddr_q[1:0] != 2'b00", "1'b0"),
      (SLAVE, "do_write ? awaddr_q : araddr_q;", "do_write ? awaddr_q : {araddr_q[11:2], 2'b00};")]),
    ("half_a_write_survives_reset", "dense", "reset_ends",
     [(SLAVE, "logic aw_q, w_q, ar_q,", "logic w_q = 1'b0; logic aw_q, ar_q,"),
      (SLAVE, "aw_q <= 1'b0; w_q <= 1'b0; ar_q <= 1'b0;", "aw_q <= 1'b0; ar_q <= 1'b0;")]),
    ("address_without_a_register_reads_okay", "dense", "reset_values",
     [(REGISTERS, "write_i ? !writable : !readable", "write_i && !writable")]),
    ("read_only_register_answers_a_write_with_okay", "dense", "refused_as_documented",
     [(REGISTERS, "write_i ? !writable : !readable", "!readable")]),
    # Icarus 11 then stays in one clock
    ("answer_of_the_regulator_is_written_twice", "dense", "storm",
     [("control/regulator_registers.sv", "always_comb begin case (address_i) `PBIT_REG_REG_CONFIG: data_o",
       "always_comb begin data_o = '0; case (address_i) `PBIT_REG_REG_CONFIG: data_o")]),
    ("tlast_one_word_early", "dense", RUNS,
     [(PACKER, "flush_q && count_q <= 32;", "flush_q && count_q <= 64;")]),
    ("tlast_depends_on_tready", "dense", RUNS,
     [(PACKER, "flush_q && count_q <= 32;", "flush_q && count_q <= 32 && m_axis_tready;")]),
    ("word_lost_when_tready_falls", "dense", RUNS,
     [(PACKER, "logic send;",
       "logic send, before_q; always_ff @(posedge clk_i) before_q <= m_axis_tready;"),
      (PACKER, "m_axis_tvalid && m_axis_tready;", "m_axis_tvalid && (m_axis_tready || before_q);")]),
    ("full_packer_takes_more", "dense", RUNS,
     [(PACKER, "ready_o = !flush_q && count_q < 64;", "ready_o = 1'b1;")]),
    ("telemetry_record_of_15_words", "sparse", "telemetry",
     [(RECORD, "m_axis_telemetry_tlast = word_q == 4'd15;", "m_axis_telemetry_tlast = word_q == 4'd14;")]),
    ("telemetry_word_not_held", "sparse", "telemetry",
     [(RECORD, "m_axis_telemetry_tvalid && m_axis_telemetry_tready) begin",
       "m_axis_telemetry_tvalid) begin")]),
    ("trace_word_lost_when_tready_is_low", "options", "trace",
     [(TRACE, "take = m_axis_trace_tvalid && m_axis_trace_tready;", "take = m_axis_trace_tvalid;")]),
]


def plant(rtl, target, plants):
    """A copy of the RTL with a fault."""
    shutil.copytree(rtl, target)
    for file, old, new in plants:
        path = os.path.join(target, file)
        with open(path, encoding="utf-8") as source:
            text = source.read()
        pattern = r"\s+".join(re.escape(word) for word in old.split())
        if len(re.findall(pattern, text)) != 1:
            raise SystemExit(f"FAILED: '{old}' does not occur exactly once in {file}; update the mutant")
        with open(path, "w", encoding="utf-8") as source:
            source.write(re.sub(pattern, lambda _, new=new: new, text))
    return target
