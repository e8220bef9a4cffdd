# SPDX-FileCopyrightText: The framering authors
# SPDX-License-Identifier: MIT
"""The rules of the ring, of what surfaces lack and of when frames are due, each with the edit that takes it out and the tests that must notice.

A test is a program, or a program and the one scenario of it that is run. Left out, because no peer can tell:
- `latest` stored relaxed, or the state: each of the two releases pixels and record. Both at once is a mutant.
- the record written after the state but before `latest`: the host claims only what `latest` has named.
- loads relaxed that acquire: neither model makes a load early.
"""

HOST = 'ring/host.c'
SOURCE = 'ring/source.c'
SNAPSHOT = 'wire/snapshot.c'
DAMAGE = 'capture/damage.c'
PACE = 'capture/pace.c'
PARTS = 'common/parts.c'
STRONG = 'sim-strong: three slots'
NAPS = 'sim-strong: looks between sleeps'
LATE_EVENT = 'sim-weak: an event without order'

MOVE = (
    '    return fr_compare_swap_u32(&ring->shared->slot[token.slot].state, fr_slot_word(token.sequence, from),\n'
    '                               fr_slot_word(token.sequence, to));\n')
PUBLISH_SWAP = '''        if (!fr_compare_swap_u32(&slot->state, fr_slot_word(sequence, FR_WIRE_SLOT_WRITING),
                                 fr_slot_word(sequence, FR_WIRE_SLOT_PUBLISHED))) {
            ring->has_damage = false;
            return false;
        }
'''
FOREIGN = 'if (!is_free && word != fr_slot_word(ring->slot_sequence[i], FR_WIRE_SLOT_PUBLISHED))'
BEGIN_SWAP = '''        if (!fr_compare_swap_u32(&ring->shared->slot[slot].state, word,
                                 fr_slot_word(ring->sequence + 1, FR_WIRE_SLOT_WRITING)))
            continue;
'''
LATEST = '    fr_store_release_u64(&ring->shared->v1.latest, token);\n'
FREE_SWAP = '(void)fr_compare_swap_u32(state, word, (word & 0xffffff00u) | FR_WIRE_SLOT_FREE);'
SLEEPS = '    fr_store_relaxed_u32(&ring->shared->host.looking, 0);\n'
SLEEP_FENCE = '''    /* Pairs with that in fr_ring_source_must_signal: of the two stores before and the two loads after, one
     * side at least sees the other's. */
    fr_fence_full();
'''
LAST_LOOK = '''    if (!fr_ring_host_moved(ring))
        return true;
'''
ASK_FENCE = '''    /* Pairs with that in fr_ring_host_may_sleep. */
    fr_fence_full();
'''
OLDER = 'fr_sequence_newer(ring->slot_sequence[best], ring->slot_sequence[i])'


def mutant(name, file, by, *replace):
    return {'name': name, 'file': file, 'by': by, 'replace': replace}


MUTANTS = [
    mutant('the claim looks at the state, not at the tag', HOST, [STRONG, 'unit-ring'], (MOVE, '''
    uint32_t *state = &ring->shared->slot[token.slot].state;
    const uint32_t tag = fr_load_acquire_u32(state) & 0xffffff00u;
    return fr_compare_swap_u32(state, tag | from, tag | to);
''')),
    mutant('the claim is a look, then a store', HOST, [STRONG], (MOVE, '''
    uint32_t *state = &ring->shared->slot[token.slot].state;
    if (fr_load_acquire_u32(state) != fr_slot_word(token.sequence, from))
        return false;
    fr_store_release_u32(state, fr_slot_word(token.sequence, to));
    return true;
''')),
    mutant('the release forgets the slot', HOST, [STRONG, 'unit-ring'],
           ('(void)move(ring, token, FR_WIRE_SLOT_READING, FR_WIRE_SLOT_FREE);', '(void)ring, (void)token;')),
    mutant('a frame whose pixels were late is lost', HOST, ['sim-strong: late pixels', 'unit-ring'],
           ('(void)move(ring, token, FR_WIRE_SLOT_READING, FR_WIRE_SLOT_PUBLISHED);',
            'fr_ring_host_release(ring, token);')),
    mutant('a version 1 slot may have been lapped', HOST, ['unit-ring'],
           ('newest.sequence - claimed.sequence >= ring->ring_len - 1', 'newest.sequence == 0')),
    mutant('older frames are freed by a plain store', HOST, [STRONG],
           (FREE_SWAP, 'fr_store_release_u32(state, (word & 0xffffff00u) | FR_WIRE_SLOT_FREE);')),
    mutant('newer frames are freed as well', HOST, [STRONG, 'unit-ring'],
           (' && tag_older(word, token.sequence))', ')')),
    mutant('older frames are not freed', HOST, [STRONG, 'unit-ring'], (FREE_SWAP, '(void)state;')),
    mutant('tags are compared without their wrap', HOST, ['sim-strong: tag wrap', 'unit-ring'],
           ('return distance != 0 && distance < 0x80000000u;',
            'return distance != 0 && (word >> 8) < (sequence & 0xffffffu);')),
    mutant('a token of any generation will do', HOST, ['sim-strong: new generation in place', 'unit-ring'],
           ('token.generation != ring->generation || ', '')),
    mutant('a token of any slot will do', HOST, ['unit-ring'], (' || token.slot >= ring->ring_len', '')),
    mutant('a token of any sequence will do', HOST, [STRONG, 'unit-ring'],
           ('if (!fr_sequence_newer(token.sequence, ring->last_sequence))', 'if (0)')),
    mutant('sequences are compared without their wrap', HOST, ['sim-strong: sequence wrap', 'unit-ring'],
           ('if (!fr_sequence_newer(token.sequence, ring->last_sequence))',
            'if (token.sequence <= ring->last_sequence)')),
    mutant('the last sequence is not kept', HOST, [STRONG, 'unit-ring'],
           ('    ring->last_sequence = token.sequence;\n', '')),
    mutant("the record's token is not looked at", HOST, ['unit-ring'],
           ('if (word != fr_token_pack(claimed))', 'if (word == UINT64_MAX)')),
    mutant('the host sleeps without a last look', HOST, [STRONG, NAPS, 'unit-ring'], (LAST_LOOK, '    return true;\n')),
    mutant('the last look comes before the host says that it sleeps', HOST, [STRONG, NAPS], (SLEEPS + SLEEP_FENCE, ''),
           (LAST_LOOK, '    if (!fr_ring_host_moved(ring)) {\n' + SLEEPS + SLEEP_FENCE + '        return true;\n    }\n')),
    mutant('the host does not say that it sleeps', HOST, [STRONG, NAPS, 'unit-ring'], (SLEEPS, '')),
    mutant('the host says that it sleeps by a store that may be late', HOST, ['sim-weak: three slots'],
           (SLEEP_FENCE, '')),
    mutant('a token keeps the host awake for ever', HOST, ['unit-ring'], ('    ring->seen = word;\n    return true;', '    return true;')),
    mutant('the host that looked again is not awake', HOST, ['unit-ring'],
           ('    fr_ring_host_awake(ring);\n    return false;\n', '    return false;\n')),
    mutant('the retire leaves the generation', HOST, ['sim-strong: new generation', 'unit-ring'],
           ('    fr_store_release_u32(&shared->v1.generation, next_generation);\n', '')),
    mutant('metadata are read while they are written', HOST, ['sim-strong: metadata', 'unit-ring'],
           ('if (before == *seen || (before & 1u))', 'if (before == *seen)')),
    mutant('metadata are not looked at twice', HOST, ['sim-strong: metadata'],
           ('if (fr_load_relaxed_u32(&line->change) != before)', 'if (0)')),
    mutant('the newest slot may be written', SOURCE, ['sim-strong: new generation', LATE_EVENT, 'unit-ring'],
           ('if ((int)i == ring->newest_slot)', 'if (0)')),
    mutant('one look for a slot is enough', SOURCE, [LATE_EVENT], ('''        if (slot < 0)
            continue;''', '''        if (slot < 0)
            break;''')),
    mutant('the newest other frame is overwritten', SOURCE, [STRONG, 'unit-ring'],
           (OLDER, 'fr_sequence_newer(ring->slot_sequence[i], ring->slot_sequence[best])')),
    mutant('a frame is overwritten though a slot is free', SOURCE, ['unit-ring'],
           ('(is_free && !best_free) ||', '(!is_free && best_free) ||')),
    mutant('begin takes a slot that is read', SOURCE, [STRONG, 'unit-ring'],
           (FOREIGN, 'if (0)')),
    mutant('begin takes the slot by a plain store', SOURCE, [STRONG], (BEGIN_SWAP, '''
        fr_store_release_u32(&ring->shared->slot[slot].state,
                             fr_slot_word(ring->sequence + 1, FR_WIRE_SLOT_WRITING));
''')),
    mutant('publish does not look at the state', SOURCE, ['unit-ring'], (PUBLISH_SWAP, '''
    fr_store_release_u32(&slot->state, fr_slot_word(sequence, FR_WIRE_SLOT_PUBLISHED));
''')),
    mutant('publish releases nothing', SOURCE, [LATE_EVENT], (PUBLISH_SWAP, '''
    fr_store_relaxed_u32(&slot->state, fr_slot_word(sequence, FR_WIRE_SLOT_PUBLISHED));
'''), (LATEST, LATEST.replace('release', 'relaxed'))),
    mutant('the token goes out before the state', SOURCE, [STRONG], (LATEST, ''),
           (PUBLISH_SWAP, LATEST + PUBLISH_SWAP)),
    mutant('the record goes out after the token', SOURCE, [STRONG],
           ('        write_record(slot, token, info);\n', ''),
           (LATEST, LATEST + '    write_record(&ring->shared->slot[index], token, info);\n')),
    mutant('the token is not published', SOURCE, [STRONG, 'unit-ring'], (LATEST, '')),
    mutant('the source asks whether to signal before it publishes', SOURCE, [STRONG],
           ('#include <assert.h>\n', '#include <assert.h>\nstatic uint32_t early;\n'),
           (LATEST, '    early = fr_load_relaxed_u32(&ring->shared->host.looking);\n' + LATEST),
           ('return fr_load_relaxed_u32(&ring->shared->host.looking) != 1;', 'return early != 1;')),
    mutant('the source asks while its token may be late', SOURCE, ['sim-weak: three slots'], (ASK_FENCE, '')),
    mutant('a word that is not 1 stops the signals', SOURCE, ['unit-ring'],
           ('&ring->shared->host.looking) != 1;', '&ring->shared->host.looking) == 0;')),
    mutant('cancel keeps the slot', SOURCE, ['sim-strong: frames given up', 'unit-ring'],
           ('fr_slot_word(ring->sequence + 1, FR_WIRE_SLOT_FREE));',
            'fr_slot_word(ring->sequence + 1, FR_WIRE_SLOT_WRITING));')),
    mutant('the source never sees that it is stale', SOURCE, ['sim-strong: new generation', 'unit-ring'],
           ('return fr_load_acquire_u32(&ring->shared->v1.generation) != ring->generation;',
            'return fr_load_acquire_u32(&ring->shared->v1.generation) == UINT32_MAX;')),
    mutant('metadata are written without a mark', SOURCE, ['sim-strong: metadata'],
           ('    fr_store_relaxed_u32(&line->change, change + 1);\n', ''),
           ('copy.change = change + 1;', 'copy.change = change;')),
    mutant('metadata may be seen before their mark', SOURCE, ['sim-weak: metadata'],
           ('    fr_fence_release();\n', '')),
    mutant('metadata may be seen after their change', SOURCE, ['sim-weak: metadata'],
           ('fr_store_release_u32(&line->change, change + 2);',
            'fr_store_relaxed_u32(&line->change, change + 2);')),
    mutant('the snapshot reads the version twice', SNAPSHOT, ['sim-strong: header'],
           ('    out->v1.version = version;\n', '')),
    mutant('the snapshot reads the generation once', SNAPSHOT, ['unit-wire'],
           ('if (fault == FR_WIRE_FINE && generation_after != generation)', 'if (generation_after == 0)')),
    mutant('the chroma beside a change stays', DAMAGE, ['unit-damage'],
           ('smaller(((change->x + change->width) & ~1u) + 2, width)',
            'smaller((change->x + change->width + 1) & ~1u, width)')),
    mutant('a surface lacks only the newest change', DAMAGE, ['unit-damage'],
           ('for (uint64_t number = held + 1;', 'for (uint64_t number = damage->newest;')),
    mutant('a change that is not known is none', DAMAGE, ['unit-damage'],
           ('        damage->since = number;', '        damage->change[number % FR_DAMAGE_FRAMES].count = 0;')),
    mutant('changes that were overwritten are believed', DAMAGE, ['unit-damage'],
           (' || damage->newest - held > FR_DAMAGE_FRAMES)', ')')),
    mutant('what surfaces hold survives all', DAMAGE, ['unit-damage'],
           ('    damage->since = damage->newest + 1;', '    (void)damage;')),
    mutant('frames that are not even are looked for', PACE, ['unit-pace'],
           ('return agree >= enough ? due_ns : 0;', '(void)enough, (void)agree;\n    return due_ns;')),
    mutant('a frame may be looked for longer than allowed', PACE, ['unit-pace'],
           ('pace->until_ns = pace->from_ns + budget_ns;', 'pace->until_ns = pace->due_ns + budget_ns;')),
    mutant('the host means to wake when the frame is due', PACE, ['unit-pace'],
           ('pace->due_ns > pace->head_ns ? pace->due_ns - pace->head_ns : 0', 'pace->due_ns')),
    mutant('what was missed asleep teaches nothing', PACE, ['unit-pace'], ('pace->napping || ', '')),
    mutant('a frame that was left out counts as an interval', PACE, ['unit-pace'],
           ('(passed ? passed : 1)', '1')),
    mutant('the times before a leap are believed', PACE, ['unit-pace'],
           ('    if (!pace->due_ns && pace->count > FORECAST_MIN)\n        pace->due_ns = forecast_anew(pace);\n', '')),
    mutant('the pace is believed through a pause', PACE, ['unit-pace'],
           (' || at_ns - last_ns > most_ns', '')),
    mutant('a late frame moves the next', PACE, ['unit-pace'],
           ('const uint64_t due_ns = median(due, count);', 'const uint64_t due_ns = due[count - 1];')),
    mutant('a host that looks in vain looks on', PACE, ['unit-pace'], ('    pace->rest--;\n    return true;', '    return false;')),
    mutant('a frame that was left out counts as a look in vain', PACE, ['unit-pace'],
           (' && at_ns < pace->due_ns + pace->interval_ns / 2)', ')')),
    mutant('the list goes out after the token', SOURCE, [STRONG],
           ('        write_damage(ring, index);\n', ''),
           (LATEST, LATEST + '    write_damage(ring, index);\n')),
    mutant('what differs is said of the frame before alone', SOURCE, [STRONG, 'unit-ring'],
           ('    if (!untaken)\n        ring->damage.count = 0;', '    ring->damage.count = 0;')),
    mutant('what is not known of a frame is passed over', SOURCE, ['unit-ring'],
           ('    ring->has_damage = damage != NULL;', '    ring->has_damage |= damage != NULL;')),
    mutant('a list is written where the host has no room', SOURCE, ['unit-ring'],
           ('has_lines ? fr_damage_lines(shared, bytes) : NULL', 'fr_damage_lines(shared, FR_WIRE_WHOLE_BYTES)')),
    mutant('the record has one of the rectangles, not their bounds', SOURCE, ['unit-ring'],
           ('fr_parts_bounds(damage)', 'damage->rect[0]')),
    mutant('what differs from another frame is believed', HOST, ['sim-strong: late pixels', 'unit-ring'],
           (' || passed > flags >> FR_WIRE_FRAME_REACH_SHIFT)', ')')),
    mutant('a list may have any length', HOST, ['unit-ring'], (' && count <= FR_WIRE_RECTS_MAX &&', ' &&')),
    mutant('a list may lie anywhere', HOST, ['unit-ring'], (' || !fr_rect_fits(&rect, width, height))', ')')),
    mutant('a list may have empty rectangles', HOST, ['unit-ring'], ('!rect.width || !rect.height || ', '')),
    mutant('a rectangle may lie anywhere', HOST, ['unit-ring'],
           ('if (!fr_rect_fits(&rect, ring->width, ring->height))', 'if (0)')),
    mutant('the end of a rectangle is not looked at', PARTS, ['unit-ring'],
           ('rect->width <= width - rect->x && ', '')),
    mutant('a full list leaves one out', PARTS, ['unit-damage'],
           ('        return bounds(&other, &rect);\n    }\n    const', '        return other;\n    }\n    const')),
    mutant('a full list leaves another out', PARTS, ['unit-damage'],
           ('    return bounds(&a, &b);', '    return b;')),
    mutant('what is joined with one is not joined with others', PARTS, ['unit-damage'],
           ('        i = 0; /* the larger one may meet others that were passed */', '        i++;')),
]
