using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Security.Identities;

namespace Tidings.Connections;

/// <content>What is done to connections, each on its own lane.</content>
internal sealed partial class ConnectionRegistry
{
    /// <summary>Closes every connection, those still in their handshake too, and waits until all are gone.</summary>
    /// <param name="code">What they are told.</param>
    /// <param name="cancellationToken">Ends the waiting; what is not gone by then is left to the end of the process.</param>
    public async Task CloseAllAsync(DisconnectCode code, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _stop = new Stop(code);
        }

        BeginDraining();

        foreach (var lane in _lanes.All)
        {
            lane.Post(CloseLane.Instance, (lane, code));
        }

        await Left.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends connections of this node, on every route.</summary>
    /// <param name="whose">Which of those that belong to somebody. Called on lanes.</param>
    /// <param name="code">What they are told.</param>
    /// <param name="drop">Whether what waits for them is dropped, instead of sent before.</param>
    /// <returns>How many.</returns>
    public Task<int> EndAsync(Predicate<Identity> whose, DisconnectCode code, bool drop) =>
        EndEachAsync(connection => connection.Identity is { } identity && whose(identity), code, drop);

    /// <summary>Ends the connection of this node that has this number (<see cref="Connection.Id"/>), after what waits for it.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> EndOneAsync(long id, DisconnectCode code) =>
        await EndEachAsync(connection => connection.Id == id, code, drop: false).ConfigureAwait(false) > 0;

    private async Task<int> EndEachAsync(Predicate<Connection> which, DisconnectCode code, bool drop)
    {
        var lanes = _lanes.All.Select(lane => new EndLane(lane, which, code, drop)).ToList();
        foreach (var lane in lanes)
        {
            lane.Post();
        }

        return (await Task.WhenAll(lanes.Select(static lane => lane.Count)).ConfigureAwait(false)).Sum();
    }

    /// <summary>What is connected now, asked of each lane in a turn of its own.</summary>
    public Task<IReadOnlyList<ConnectionInfo>> ListAsync(CancellationToken cancellationToken) =>
        ListAsync(static connections => connections.ConvertAll(static connection => connection.ToInfo()), cancellationToken);

    /// <summary>The same of those, and in the form, that <paramref name="select"/> returns for one lane's connections. Called on lanes.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(Func<List<Connection>, List<T>> select, CancellationToken cancellationToken)
    {
        var questions = new List<Task<List<T>>>();
        foreach (var lane in _lanes.All)
        {
            var question = new ListLane<T>(lane, select);
            lane.Post(question);
            questions.Add(question.Answer);
        }

        var answers = await Task.WhenAll(questions).WaitAsync(cancellationToken).ConfigureAwait(false);
        return [.. answers.SelectMany(static answer => answer)];
    }

    /// <summary>Does something with each connection of this node, on its lane. Completes when all is done.</summary>
    public Task EachAsync(Action<Connection> action) => ListAsync<Connection>(
        connections =>
        {
            connections.ForEach(action);
            return [];
        },
        CancellationToken.None);

    private sealed class ListLane<T>(Lane lane, Func<List<Connection>, List<T>> select) : ILaneWork
    {
        private readonly TaskCompletionSource<List<T>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<List<T>> Answer => _answer.Task;

        public void Run(object? argument) => _answer.SetResult(select(lane.Members.Snapshot<Connection>()));
    }

    private sealed class EndLane(Lane lane, Predicate<Connection> which, DisconnectCode code, bool drop) : ILaneWork
    {
        private readonly TaskCompletionSource<int> _count = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<int> Count => _count.Task;

        public void Post() => lane.Post(this);

        public void Run(object? argument)
        {
            var count = 0;
            if (!drop)
            {
                // What was published before still reaches them.
                lane.FanOut();
            }

            foreach (var connection in lane.Members.Snapshot<Connection>())
            {
                if (connection.State == ConnectionState.Open && which(connection))
                {
                    End(connection);
                    count++;
                }
            }

            _count.SetResult(count);
        }

        private void End(Connection connection)
        {
            if (drop)
            {
                connection.Expel(code);
            }
            else
            {
                connection.CloseNow(code);
            }
        }
    }

    private sealed class CloseLane : ILaneWork
    {
        public static readonly CloseLane Instance = new();

        public void Run(object? argument)
        {
            var (lane, code) = ((Lane, DisconnectCode))argument!;

            // What was published before still reaches them.
            lane.FanOut();
            foreach (var connection in lane.Members.Snapshot<Connection>())
            {
                connection.CloseNow(code);
            }
        }
    }
}
