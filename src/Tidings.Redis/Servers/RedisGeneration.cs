using System.Globalization;
using System.Security.Cryptography;
using Tidings.Brokers;

namespace Tidings.Redis.Servers;

/// <summary>Finds out which generation of logs holds on a server, and begins a new one where they may have shrunk. One for each server; safe from any thread.</summary>
/// <param name="carries">Whether a new one goes on with what is there of the logs.</param>
internal sealed class RedisGeneration(bool carries)
{
    private const int MostAttempts = 3;

    // Far longer than any log lives: should all of it have gone by then, a new generation costs nobody anything.
    private static readonly TimeSpan Life = TimeSpan.FromDays(30);

    private readonly GenerationWitness _witness = new();

    /// <summary>Makes a link of a connection to a server of which nothing is known.</summary>
    /// <exception cref="BrokerUnavailableException">It cannot be reached, is a replica, or begins anew all the time.</exception>
    public Task<RedisLink> BeginAsync(RedisConnection connection) => BeginAsync(connection, "", writesAlways: false, ends: "");

    /// <summary>Looks again, over a link.</summary>
    /// <param name="link">The link.</param>
    /// <param name="ends">A generation that must not go on; empty: none.</param>
    /// <exception cref="BrokerUnavailableException">It cannot be reached, is a replica, or begins anew all the time.</exception>
    public async Task<RedisLink> LookAsync(RedisLink link, string ends = "") =>
        await BeginAsync(link.Connection, link.ReplicationId, await WritesAlwaysAsync(link.Connection).ConfigureAwait(false), ends).ConfigureAwait(false);

    /// <summary>Notes that a publish was the given one of its generation.</summary>
    public void Saw(string generation, long publishes) => _witness.Saw(generation, publishes);

    private async Task<RedisLink> BeginAsync(RedisConnection connection, string replicationId, bool writesAlways, string ends)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            RedisValue[] arguments =
            [
                replicationId, writesAlways ? "1" : "0", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)),
                ((long)Life.TotalMilliseconds).ToString(CultureInfo.InvariantCulture), ends, carries ? "1" : "0", .. _witness.Testify(),
            ];
            var answer = (RedisAnswer[])await connection.EvaluateAsync(RedisScript.Begin, [connection.Keys.Generation, connection.Keys.Lineage], arguments).ConfigureAwait(false);
            if ((string)answer[0] is var generation && generation != "changed")
            {
                _witness.Saw(generation, (long)answer[2]);
                return new RedisLink(connection, replicationId, generation, (string)answer[1] == "1");
            }

            if ((string)answer[2] != "master")
            {
                throw new BrokerUnavailableException("The server is a replica.");
            }

            // It is looked at before it is named: should it begin anew in between, it is named in vain.
            replicationId = (string)answer[1];
            writesAlways = await WritesAlwaysAsync(connection).ConfigureAwait(false);
        }

        throw new BrokerUnavailableException("Redis keeps reporting a new generation; the attempt was given up.");
    }

    private static async Task<bool> WritesAlwaysAsync(RedisConnection connection)
    {
        try
        {
            var answer = (string[])await connection.ExecuteAsync("CONFIG", "GET", "*append*").ConfigureAwait(false);
            return Has(answer, "appendonly", "yes") && Has(answer, "appendfsync", "always") && !Has(answer, "no-appendfsync-on-rewrite", "yes");
        }
        catch (BrokerUnavailableException error) when (error.InnerException is StackExchange.Redis.RedisServerException)
        {
            // Not allowed to ask: then nothing is promised.
            return false;
        }
    }

    private static bool Has(string[] pairs, string name, string value)
    {
        var at = Array.IndexOf(pairs, name);
        return at >= 0 && at + 1 < pairs.Length && pairs[at + 1] == value;
    }
}
