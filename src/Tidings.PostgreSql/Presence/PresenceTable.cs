using System.Text;
using Npgsql;
using Tidings.Messages;
using Tidings.PostgreSql.Databases;
using Tidings.Presence;

namespace Tidings.PostgreSql.Presence;

/// <summary>Presence as it stands in PostgreSQL. Each call is one transaction there, and calls are done in the order in which they are made.</summary>
/// <remarks>What is read was written by somebody who may write in the tables, and may be anything: what does not hold is left out and counted.</remarks>
internal sealed class PresenceTable(StatementQueue statements, PostgreSqlMetrics metrics)
{
    private const int LongestName = 512;
    private const int LongestInfo = 64 << 10;

    private const long Unknown = 0;
    private const long Anew = -1;

    /// <summary>Says how a member is there by a node.</summary>
    /// <param name="link">The way there.</param>
    /// <param name="lease">The node's.</param>
    /// <param name="channel">Where.</param>
    /// <param name="member">The member by this node.</param>
    /// <param name="isAnew">Whether what it says was said just now.</param>
    /// <returns>When what it says was said, in an order that all nodes share; 0 where it says nothing; -1 where the lease has ended.</returns>
    public Task<long> PutAsync(PostgreSqlLink link, string lease, string channel, NodeMember member, bool isAnew) => RunAsync(
        link, lease, channel, member, member.Connections, isAnew ? Anew : member.Latest is { IsShared: true } said ? said.Stamp : Unknown);

    public Task<long> TakeAsync(PostgreSqlLink link, string lease, string channel, NodeMember member) => RunAsync(link, lease, channel, member, Null.Integer, Unknown);

    public async Task<PresenceList> ReadAsync(PostgreSqlLink link, string channel, int limit, CancellationToken cancellationToken) =>
        await new Statement(
            """
            SELECT m.member, m.tracked, m.shown, m.vouched, coalesce((SELECT sum(p.connections) FROM tidings.present p WHERE p.channel = m.channel AND p.member = m.member), 0), c.count
            FROM (SELECT count(*) FROM tidings.members WHERE channel = $1) c LEFT JOIN LATERAL (SELECT * FROM tidings.members WHERE channel = $1 LIMIT $2) m ON true
            """,
            channel,
            (long)limit).RunAsync(link.Database, ReadAsync, cancellationToken).ConfigureAwait(false);

    private async Task<PresenceList> ReadAsync(NpgsqlDataReader rows)
    {
        var (members, count) = (new List<PresenceMember>(), 0L);
        while (await rows.ReadAsync().ConfigureAwait(false))
        {
            count = rows.GetInt64(5);
            if (!rows.IsNull(0)
                && Decode(rows.Bytes(0), rows.GetBoolean(1), rows.Bytes(2), rows.Bytes(3), rows.GetInt64(4)) is { } member)
            {
                members.Add(member);
            }
        }

        return new PresenceList(members, (int)Math.Min(count, int.MaxValue));
    }

    private PresenceMember? Decode(byte[] key, bool isTracked, byte[] shown, byte[] vouched, long connections)
    {
        if (key.Length is > 0 and <= LongestName && System.Text.Unicode.Utf8.IsValid(key) && connections is >= 0 and <= int.MaxValue
            && shown.Length <= LongestInfo && vouched.Length <= LongestInfo && IsJson(shown) && IsJson(vouched))
        {
            var (user, connection) = PresenceMember.Split(Encoding.UTF8.GetString(key));
            return new PresenceMember(user, (int)connections, isTracked ? shown : vouched, isTracked) { Connection = connection, UserInfo = isTracked ? vouched : default };
        }

        metrics.Dropped("presence");
        return null;
    }

    private static bool IsJson(byte[] value) => value.Length == 0 || JsonPayload.IsOneLine(value);

    private async Task<long> RunAsync(PostgreSqlLink link, string lease, string channel, NodeMember member, object connections, long stamp) => (long)(await statements.AskAsync(link, new Statement(
        "SELECT tidings.present_1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        lease,
        channel,
        Encoding.UTF8.GetBytes(member.Key),
        PresenceMember.Names(member.User, member.Connection),
        connections,
        stamp,
        member.Latest?.Info ?? default,
        member.Said,
        member.IsTracked,
        member.Connection is not null)).ConfigureAwait(false))!;
}
