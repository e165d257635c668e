using Microsoft.Extensions.DependencyInjection.Extensions;
using Tidings;
using Tidings.Data;
using Tidings.Data.Directories;
using Tidings.Engine;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Makes a single node survive its process and its machine.</summary>
public static class DataServiceExtensions
{
    /// <summary>Keeps logs with their positions, idempotency keys, tasks, revocations and tickets in a directory.</summary>
    /// <remarks>
    /// One process at a time has the directory: the start of a second fails with <see cref="DataDirectoryException"/>. What anybody was shown is still there after the process was killed;
    /// after the machine itself went down, what was published as durable is, and of the rest all but at most the last 50 ms.
    /// </remarks>
    /// <param name="tidings">What <c>AddTidings</c> has returned.</param>
    /// <param name="directory">The directory, which is made where it is missing. On a file system of this machine: locks and syncs must hold.</param>
    /// <exception cref="ArgumentException">The directory is empty.</exception>
    /// <exception cref="InvalidOperationException">The application shares its logs otherwise already, as with <c>AddRedis</c>.</exception>
    public static TidingsServiceBuilder AddData(this TidingsServiceBuilder tidings, string directory)
    {
        ArgumentNullException.ThrowIfNull(tidings);
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        if (tidings.Services.Any(static service => service.ServiceType == typeof(IBackplaneFactory)))
        {
            throw new InvalidOperationException("AddData keeps the logs of a single node in a directory: it goes neither with AddRedis nor with another directory. Call one of them.");
        }

        tidings.Services.AddSingleton(new DataOptions(directory));
        tidings.Services.TryAddSingleton<IBackplaneFactory, DataBackplaneFactory>();
        return tidings;
    }
}
