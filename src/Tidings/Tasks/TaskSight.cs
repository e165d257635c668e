using Tidings.Protocol;

namespace Tidings.Tasks;

/// <summary>A state and the bytes that all viewers of a node share.</summary>
internal sealed record TaskSight(TaskState State, byte[] Frame)
{
    public static TaskSight Of(TaskState state) => new(state, Protocol.Frames.Frame.Text(TaskStateJson.Write(state)));
}
