using System.Globalization;

namespace Tidings.Resources.Feed;

/// <summary>Which transactions a reading of the database has seen, as PostgreSQL writes it: <c>xmin:xmax:xip,…</c>. Immutable.</summary>
internal sealed class DatabaseSnapshot
{
    private readonly ulong _from;
    private readonly ulong _to;
    private readonly HashSet<ulong> _running;

    private DatabaseSnapshot(string text, ulong from, ulong to, HashSet<ulong> running)
    {
        Text = text;
        _from = from;
        _to = to;
        _running = running;
    }

    public string Text { get; }

    public static DatabaseSnapshot? TryParse(string text)
    {
        if (text.Split(':') is not [var from, var to, var list] || !TryParse(from, out var first) || !TryParse(to, out var last))
        {
            return null;
        }

        var running = new HashSet<ulong>();
        foreach (var one in list.Length == 0 ? [] : list.Split(','))
        {
            if (!TryParse(one, out var transaction))
            {
                return null;
            }

            running.Add(transaction);
        }

        return new DatabaseSnapshot(text, first, last, running);
    }

    public bool Sees(ulong transaction) => transaction != 0 && (transaction < _from || (transaction < _to && !_running.Contains(transaction)));

    private static bool TryParse(string text, out ulong number) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
