# SPDX-License-Identifier: ISC
# Copyright (c) 2026 The mailferry authors
"""inspect: the summary, and the tree of mailboxes."""
import failure
import store

TABLES = dict(zip(store.TOKENS, (
    'mailboxes', 'emails', 'identities', 'sieve_scripts', 'address_books',
    'contact_cards', 'calendars', 'calendar_events',
    'participant_identities', 'file_nodes')))


def human(size):
    for unit in ('B', 'KB', 'MB', 'GB'):
        if size < 1024:
            break
        size /= 1024
    else:
        unit = 'TB'
    return '%d B' % size if unit == 'B' else '%.1f %s' % (size, unit)


def summary(options, archive):
    print('Archive: %s' % options.archive)
    row = archive.one('SELECT kind, session_url, account_id, account_name '
                      'FROM sources ORDER BY id')
    print('Source:  ' + ('%s %s (account %s / %s)' % (
        row[0], row[1], row[2], row[3] or '(unnamed)') if row
        else '(no source recorded)'))
    print()
    counts = {t: format(archive.total(TABLES[t]), ',') for t in store.TOKENS}
    wide = max(map(len, store.TOKENS))
    right = max(map(len, counts.values()))
    for token in store.TOKENS:
        print('  %-*s  %*s' % (wide, token, right, counts[token]))
    blobs, size = archive.one('SELECT count(*), coalesce(sum(length(data)), '
                              '0) FROM blobs')
    print('\n  %-*s  %s (%s)' % (wide, 'blobs', format(blobs, ','),
                                 human(size)))


def tree(archive, parent, indent):
    rows = archive.rows(
        'SELECT id, name, role FROM mailboxes WHERE parent_id IS ? '
        'ORDER BY sort_order, name', parent)
    for n, (ident, name, role) in enumerate(rows):
        last = n == len(rows) - 1
        messages = archive.one(
            'SELECT count(*) FROM emails, json_each(mailbox_ids) '
            'WHERE json_each.value = ?', ident)[0]
        print('%s%s %s  [%s%d msgs]' % (
            indent, '└──' if last else '├──', name,
            'role=%s, ' % role if role else '', messages))
        tree(archive, ident, indent + ('    ' if last else '│   '))


def run(options, archive):
    if options.type is None:
        summary(options, archive)
    elif options.type == 'mailbox':
        print('Mailboxes (%d)' % archive.total('mailboxes'))
        tree(archive, None, '')
    elif options.type in TABLES:
        print('%s (%d)' % (options.type,
                           archive.total(TABLES[options.type])))
    else:
        raise failure.Failure(failure.USAGE,
                              'no such type: %s' % options.type)
