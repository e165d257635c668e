using Tidings.AspNetCore.Handlers;

namespace Tidings.AspNetCore.Contract;

/// <summary>What an application has declared of its channels, calls, tasks and resources, for its AsyncAPI document. Safe from any thread.</summary>
internal sealed class ApplicationContract
{
    private readonly Lock _gate = new();
    private readonly List<ChannelContract> _channels = [];
    private readonly SortedDictionary<string, CallContract> _calls = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, ContractType?> _tasks = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Func<ContractType?>> _resources = new(StringComparer.Ordinal);

    /// <summary>In the order in which kinds are looked up.</summary>
    public IReadOnlyList<ChannelContract> Channels
    {
        get
        {
            lock (_gate)
            {
                return [.. _channels];
            }
        }
    }

    public IReadOnlyDictionary<string, CallContract> Calls => Copy(_calls);

    /// <summary>What each kind of tasks results in; null where that is not known.</summary>
    public IReadOnlyDictionary<string, ContractType?> Tasks => Copy(_tasks);

    /// <summary>The rows of each resource.</summary>
    public IReadOnlyDictionary<string, Func<ContractType?>> Resources => Copy(_resources);

    /// <summary>Of the same pattern, what is said last holds; what it says nothing of stays.</summary>
    public void AddChannel(ChannelContract channel)
    {
        lock (_gate)
        {
            var index = _channels.FindIndex(other => other.Pattern == channel.Pattern);
            if (index < 0)
            {
                _channels.Add(channel);
            }
            else
            {
                _channels[index] = channel with { Heard = channel.Heard ?? _channels[index].Heard, Said = channel.Said ?? _channels[index].Said };
            }
        }
    }

    public void AddCall(string method, HandlerDelegate handler)
    {
        var parameters = handler.Data.Select(static parameter =>
        {
            var type = ContractType.Of(parameter);
            return new ParameterContract(parameter.Name!, type, !parameter.HasDefaultValue && !type.IsNullable && Nullable.GetUnderlyingType(type.Type) is null);
        });
        lock (_gate)
        {
            _calls[method] = new CallContract([.. parameters], handler.IsWhole, ContractType.OfResult(handler));
        }
    }

    public void AddTask(string name, HandlerDelegate handler)
    {
        lock (_gate)
        {
            _tasks[name] = ContractType.OfResult(handler);
        }
    }

    /// <param name="name">The resource's name.</param>
    /// <param name="row">Asked when the document is made, as the application says later what clients see.</param>
    public void AddResource(string name, Func<ContractType?> row)
    {
        lock (_gate)
        {
            _resources[name] = row;
        }
    }

    private SortedDictionary<string, T> Copy<T>(SortedDictionary<string, T> values)
    {
        lock (_gate)
        {
            return new SortedDictionary<string, T>(values, StringComparer.Ordinal);
        }
    }
}
