/* Bits of the words of the sparse fabric's memories: docs/device.md, "The sparse fabric". */
#ifndef PBL_SPARSE_WORDS_H
#define PBL_SPARSE_WORDS_H

#define PBL_SPARSE_VALID 0x80000000u /* of a neighbour, of a scheduled p-bit */
#define PBL_SPARSE_INDEX 0x0000FFFFu
#define PBL_SPARSE_LENGTH 0x0000FFFFu /* of a group's first word, with its flags: */
#define PBL_SPARSE_END 0x80000000u
#define PBL_SPARSE_TAIL 0x40000000u
#define PBL_SPARSE_LAST 0x20000000u
#define PBL_SPARSE_FIRST 0x10000000u

#endif
