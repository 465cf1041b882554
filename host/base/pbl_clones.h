/* PBL_CLONES in front of a static function (clang 14 gives others a name that no other file finds)
 * whose name is its own in the whole program (clang's resolvers are global):
 * one binary, fast on every processor. Sanitizers and the loader's resolvers do not go together.
 * Fused multiply-add is off project-wide, so all clones give the same bits. */
#ifndef PBL_CLONES_H
#define PBL_CLONES_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PBL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PBL_SANITIZED 1
#endif
#endif
#if defined(__x86_64__) && defined(__ELF__) && !defined(PBL_SANITIZED) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define PBL_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#endif
#ifndef PBL_CLONES
#define PBL_CLONES
#endif

#endif
