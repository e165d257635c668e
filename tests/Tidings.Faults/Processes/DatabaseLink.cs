using System.Globalization;
using TestKit;

namespace Tidings.Faults.Processes;

/// <summary>A node's way to PostgreSQL: can be cut, and lead to another server.</summary>
internal sealed class DatabaseLink(int target) : IAsyncDisposable
{
    private readonly FaultProxy _proxy = new(target);

    /// <summary>How the node connects.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_proxy.Port};Username=postgres;Database=postgres");

    /// <summary>Resets all connections.</summary>
    public void Cut() => _proxy.CutAll();

    /// <summary>Leads to another server from here on.</summary>
    public void MoveTo(PostgreSqlServer server)
    {
        _proxy.Target = server.Port;
        _proxy.CutAll();
    }

    public ValueTask DisposeAsync() => _proxy.DisposeAsync();
}
