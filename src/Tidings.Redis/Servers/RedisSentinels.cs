using System.Net;
using StackExchange.Redis;
using Tidings.Brokers;

namespace Tidings.Redis.Servers;

/// <summary>Asks the sentinels that a configuration names which server leads.</summary>
/// <remarks>Each connection asks anew, and none outlives its first fault: so a failover is found where the old master is lost, or says that it follows.</remarks>
internal static class RedisSentinels
{
    /// <returns>The options of a connection to the master: as they are, where they name no sentinels.</returns>
    /// <exception cref="BrokerUnavailableException">No sentinel answers, or none knows the name.</exception>
    public static async Task<ConfigurationOptions> ResolveAsync(ConfigurationOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(options.ServiceName))
        {
            return options;
        }

        // The one that most of them name: a sentinel that is cut off may still hold to the old one.
        var named = await Task.WhenAll(options.EndPoints.Select(sentinel => AskAsync(options, sentinel, time, cancellationToken))).ConfigureAwait(false);
        var master = named.OfType<EndPoint>().GroupBy(static endPoint => endPoint).MaxBy(static votes => votes.Count())?.Key
            ?? throw new BrokerUnavailableException($"No sentinel names a master of {options.ServiceName}.");
        var direct = options.Clone();
        direct.ServiceName = null;
        direct.EndPoints.Clear();
        direct.EndPoints.Add(master);
        return direct;
    }

    private static async Task<EndPoint?> AskAsync(ConfigurationOptions options, EndPoint sentinel, TimeProvider time, CancellationToken cancellationToken)
    {
        var asking = options.Clone();
        asking.ServiceName = null;
        asking.EndPoints.Clear();
        asking.EndPoints.Add(sentinel);
        asking.User = options.SentinelUser;
        asking.Password = options.SentinelPassword;
        asking.DefaultDatabase = null;
        asking.CommandMap = CommandMap.Sentinel;
        var connecting = ConnectionMultiplexer.ConnectAsync(asking);
        try
        {
            var multiplexer = await connecting.WaitAsync(RedisServerAddress.ConnectTimeout, time, cancellationToken).ConfigureAwait(false);
            return await multiplexer.GetServer(sentinel).SentinelGetMasterAddressByNameAsync(options.ServiceName!)
                .WaitAsync(RedisConnection.Deadline, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is RedisException or TimeoutException or RedisCommandException)
        {
            return null;
        }
        finally
        {
            _ = connecting.ContinueWith(static late => RedisConnection.Drop(late.Result), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        }
    }
}
